// How each language writes what every language has: how it is found in code, and how it is said in that language.

/** Things that are written differently from language to language. */
export const CONSTRUCTS = [
  'optional value',
  'error',
  'asynchronous code',
  'collection',
  'decorator',
  'type',
  'test',
  'resource',
] as const;
/** One of {@link CONSTRUCTS}. */
export type Construct = (typeof CONSTRUCTS)[number];

/** One construct in one language. */
export interface Way {
  /** Finds it in code; the match is what a hint names. */
  readonly found: RegExp;
  /** What to write. */
  readonly write: string;
}

/** A language that code can be translated from and to. */
export type Translatable = 'python' | 'typescript' | 'java' | 'go' | 'rust' | 'c_sharp';

const way = (found: RegExp, write: string): Way => ({ found, write });

/** Every construct in every language, so that each pair follows in both directions. */
export const WAYS: Readonly<Record<Translatable, Readonly<Record<Construct, Way>>>> = {
  python: {
    'optional value': way(
      /Optional\[[^\]]*\]|\| None\b|\bis (?:not )?None\b|return None\b|= None\b/,
      'X | None, tested with `is None`',
    ),
    error: way(
      /\braise \w*|\bexcept\b[^:\n]*/,
      'exceptions: raise, and try / except with the narrowest class',
    ),
    'asynchronous code': way(
      /\basync (?:def|with|for)\b|\bawait \w+|asyncio\.\w+/,
      'async def and await; asyncio.gather for several at once',
    ),
    collection: way(
      /\bfor \w+(?:, \w+)? in [^:\n]+|\bdict\[[^\]]*\]|\blist\[[^\]]*\]|\.items\(\)/,
      'list, dict and set with comprehensions',
    ),
    decorator: way(/^\s*@[\w.]+(?:\([^)]*\))?/m, 'decorators: @name above the definition'),
    type: way(
      /\bclass \w+(?:\([^)]*\))?|@dataclass|\bProtocol\b/,
      'class, @dataclass for records, typing.Protocol for an interface',
    ),
    test: way(/\bdef test_\w+|\bassert .+|pytest\.\w+/, 'pytest functions test_*, with assert and fixtures'),
    resource: way(/\bwith .+? as \w+|\bfinally:/, 'with blocks and context managers'),
  },
  typescript: {
    'optional value': way(
      /\w+\?:|\| undefined\b|\| null\b|\?\.\w+|\?\?|=== (?:undefined|null)/,
      'X | undefined, optional chaining `?.` and `??`',
    ),
    error: way(/\bthrow new \w+|\bcatch \([^)]*\)/, 'throw new Error (a subclass per kind), try / catch'),
    'asynchronous code': way(
      /\basync \w*|\bawait \w+|Promise<[^>]*>|Promise\.\w+/,
      'async functions, Promise<T> and await; Promise.all for several at once',
    ),
    collection: way(
      /\.(?:map|filter|reduce|forEach|find)\(|new (?:Map|Set)\b|\bfor \(const \w+ of [^)]*\)/,
      'arrays, Map and Set with map, filter and for … of',
    ),
    decorator: way(
      /^\s*@\w+(?:\([^)]*\))?/m,
      'a higher-order function around it, or a decorator where the framework has them',
    ),
    type: way(
      /\binterface \w+|\bclass \w+(?: (?:extends|implements) \w+)?|\btype \w+ =/,
      'interface or type for shapes, class where there is a life cycle',
    ),
    test: way(/\b(?:test|it|describe)\(['"`]|\bexpect\(/, 'test or it blocks with expect'),
    resource: way(
      /\bfinally \{|\bawait using \w+|\busing \w+ =/,
      'try / finally, or `using` with Symbol.dispose',
    ),
  },
  java: {
    'optional value': way(
      /Optional<[^>]*>|Optional\.\w+|[!=]= null\b|@Nullable/,
      'Optional<T> for results, null checks at the border',
    ),
    error: way(
      /\bthrows? (?:new )?\w+|\bcatch \([^)]*\)/,
      'exceptions: throw new, throws in the signature, try / catch',
    ),
    'asynchronous code': way(
      /CompletableFuture\S*|ExecutorService|\.thenApply\(|\bFuture<[^>]*>/,
      'CompletableFuture, or a virtual thread per task',
    ),
    collection: way(
      /\.stream\(\)|\bList<[^>]*>|\bMap<[^>]*>|\bfor \(\w+ \w+ : [^)]*\)/,
      'List, Map and Set with streams',
    ),
    decorator: way(/^\s*@\w+(?:\([^)]*\))?/m, 'annotations'),
    type: way(/\b(?:interface|class|record|enum) \w+/, 'interface, class, record for data'),
    test: way(/@Test\b|\bassert(?:Equals|True|Throws|That)\(/, 'JUnit methods with @Test and assertEquals'),
    resource: way(/\btry \([^)]*\)|\bfinally \{/, 'try with resources (AutoCloseable)'),
  },
  go: {
    'optional value': way(
      /\b(?:==|!=) nil\b|, ok :?=|\*\w+\b(?= [{,)])|return nil, /,
      'a pointer that may be nil, or a second result `ok bool`',
    ),
    error: way(
      /if err != nil|\berror\b|errors\.\w+|fmt\.Errorf\([^)]*\)|\bpanic\(/,
      'a last result `error`, checked at once and wrapped with fmt.Errorf("…: %w", err)',
    ),
    'asynchronous code': way(
      /\bgo (?:func|\w+)\b|\bchan\b|<-|sync\.\w+|context\.Context/,
      'goroutines with channels or errgroup; a context.Context as first parameter',
    ),
    collection: way(
      /\bfor [^{\n]*range [^{\n]+|\bmap\[[^\]]*\]\w+|\bappend\([^)]*\)|\[\]\w+/,
      'slices and maps with for … range and append',
    ),
    decorator: way(
      /func\(\w+ http\.Handler\) http\.Handler|`json:"[^"]*"`/,
      'a function that wraps a function; struct tags for annotations of fields',
    ),
    type: way(
      /\btype \w+ (?:struct|interface)|^func \(\w+ \*?\w+\)/m,
      'struct with methods, small interfaces at the side that uses them',
    ),
    test: way(
      /func Test\w+\(t \*testing\.T\)|t\.(?:Error|Fatal)f?\(/,
      'func TestX(t *testing.T) with tables and t.Errorf',
    ),
    resource: way(/\bdefer \S+/, 'defer directly after it was opened'),
  },
  rust: {
    'optional value': way(
      /Option<[^>]*>|\bSome\(|\bNone\b|\.unwrap_or\w*\(|if let Some\([^)]*\)/,
      'Option<T> with match, if let and ?',
    ),
    error: way(
      /Result<[^{;]*>|\bErr\([^)]*\)|\?;|\.map_err\(|\bpanic!\(/,
      'Result<T, E> with ?, an enum per module for errors (thiserror)',
    ),
    'asynchronous code': way(
      /\basync fn\b|\.await\b|tokio::\w+|\bFuture<[^>]*>/,
      'async fn and .await on a runtime such as tokio; tokio::join! for several at once',
    ),
    collection: way(
      /\.iter\(\)|\.into_iter\(\)|\.collect(?:::<[^>]*>)?\(\)|\bVec<[^>]*>|HashMap<[^>]*>|\bfor \w+ in [^{\n]+/,
      'Vec and HashMap with iterators and collect',
    ),
    decorator: way(/^\s*#\[[^\]]*\]/m, 'attributes #[…] and derive macros'),
    type: way(
      /\b(?:pub )?(?:struct|enum|trait) \w+|\bimpl(?:<[^>]*>)? \w+(?: for \w+)?/,
      'struct with impl, trait for an interface, enum for alternatives',
    ),
    test: way(/#\[test\]|#\[tokio::test\]|\bassert(?:_eq|_ne)?!\(/, '#[test] functions with assert_eq!'),
    resource: way(/\bimpl Drop for \w+|\bdrop\([^)]*\)/, 'ownership: Drop releases at the end of the scope'),
  },
  c_sharp: {
    'optional value': way(
      /\w+\?(?= \w)|[!=]= null\b|\bis (?:not )?null\b|\?\.\w+|\?\?/,
      'nullable types X?, `?.` and `??`',
    ),
    error: way(/\bthrow new \w+|\bcatch \([^)]*\)/, 'exceptions: throw new, try / catch with when'),
    'asynchronous code': way(
      /\basync Task\S*|\bawait \w+|Task<[^>]*>|Task\.\w+/,
      'async Task<T> and await; Task.WhenAll for several at once',
    ),
    collection: way(
      /\.(?:Select|Where|ToList|Aggregate)\(|\bList<[^>]*>|\bDictionary<[^>]*>|\bforeach \([^)]*\)/,
      'List, Dictionary and LINQ',
    ),
    decorator: way(/^\s*\[\w+(?:\([^)]*\))?\]/m, 'attributes [Name]'),
    type: way(/\b(?:interface|class|record|struct) \w+/, 'interface, class, record for data'),
    test: way(/\[(?:Fact|Test|TestMethod)\]|Assert\.\w+\(/, 'xUnit methods with [Fact] and Assert.Equal'),
    resource: way(/\busing \(?(?:var )?\w+|\bfinally/, 'using declarations (IDisposable)'),
  },
};

/** The row of a language; JavaScript is written as TypeScript is. */
export function translatable(language: string): Translatable | undefined {
  const id = language === 'javascript' ? 'typescript' : language;
  return id in WAYS ? TRANSLATABLE.find((one) => one === id) : undefined;
}

const TRANSLATABLE: readonly Translatable[] = ['python', 'typescript', 'java', 'go', 'rust', 'c_sharp'];
