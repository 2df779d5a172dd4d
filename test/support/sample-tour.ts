// What every client must see of the sample definition: a walk through all of it, and the answers it must get.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One MCP client, whoever wrote it, with its answers brought to the same form. */
export interface TourClient {
  listTools(): Promise<readonly string[]>;
  /** The text of the result; rejects or answers an error text when the call fails. */
  callTool(name: string, args: Record<string, unknown>): Promise<string>;
  listPrompts(): Promise<readonly string[]>;
  /** The text of the first message. */
  getPrompt(name: string, args: Record<string, string>): Promise<string>;
  listResources(): Promise<readonly string[]>;
  readResource(uri: string): Promise<string>;
}

export interface Tour {
  readonly tools: readonly string[];
  /** What each tool answers, by its name, as the data that its text holds. */
  readonly answers: Readonly<Record<string, unknown>>;
  readonly prompts: readonly string[];
  readonly prompt: string;
  readonly resources: readonly string[];
  /** The text of each resource, by its URI. */
  readonly texts: Readonly<Record<string, string>>;
}

const promptArguments = { customer: 'C0001', question: 'Where is my parcel?', tone: 'friendly' };

/** One call of each sample tool. */
export const SAMPLE_CALLS: Readonly<Record<string, Record<string, unknown>>> = {
  find_orders: { customer: 'C0001', limit: 2 },
  find_customers: { text: 'ada.', limit: 2 },
  best_sellers: { limit: 2 },
  weather: { city: 'Oslo' },
  delivery_date: { placed_on: '2026-03-02', working_days: 7 },
};

/** A line of the sample itself, which the code pack finds. */
const CODE_LINE = 'export default function deliveryDate';
/** Each waits up to three seconds by itself. */
const CODE_ATTEMPTS = 10;
const CODE_CALL = { query: CODE_LINE, file_pattern: 'examples/tools/*.ts', max_results: 1 };

/** The tools of the code pack; what they answer is of this machine, and here only whether a line is found. */
const CODE_TOOLS = [
  'search_code',
  'lookup_symbol',
  'find_references',
  'get_file_outline',
  'analyze_dependencies',
  'list_repositories',
  'repository_stats',
  'add_reference_repository',
  'cleanup_repositories',
  'get_status',
  'list_plugins',
  'get_search_guidance',
  'index_file',
  'index_project',
];

/** Lists and calls every tool, gets the prompt, lists and reads every resource. */
export async function tour(client: TourClient): Promise<Tour> {
  const tools = await client.listTools();
  const answers: Record<string, unknown> = {};
  for (const name of tools) {
    if (!CODE_TOOLS.includes(name))
      answers[name] = dataOf(await client.callTool(name, SAMPLE_CALLS[name] ?? {}));
  }
  answers.search_code = (await searchCode(client)).includes(CODE_LINE);
  const prompts = await client.listPrompts();
  const prompt = await client.getPrompt('reply_to_customer', promptArguments);
  const listed = await client.listResources();
  const texts: Record<string, string> = {};
  for (const uri of listed) texts[sameEverywhere(uri)] = sameText(uri, await client.readResource(uri));
  return { tools, answers, prompts, prompt, resources: listed.map(sameEverywhere), texts };
}

/** A repository is called as its folder is, which is another one on every machine. */
export function sameEverywhere(uri: string): string {
  return uri.replace(/^code:\/\/project\/.+/, 'code://project/*');
}

/** What is indexed differs with every change of this repository; that it is described does not. */
function sameText(uri: string, text: string): string {
  return uri.startsWith('code://') && text.includes('"readiness"') ? 'described' : text;
}

/** Where the first index takes longer than a call waits, the answer says so, and is asked for again. */
async function searchCode(client: TourClient): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const text = await client.callTool('search_code', CODE_CALL);
    if (!text.includes('index_unavailable') || attempt === CODE_ATTEMPTS) return text;
  }
}

/** The tour as it must come out, the same on every machine. */
export function expectedTour(): Tour {
  return {
    tools: ['find_orders', 'find_customers', 'best_sellers', 'weather', 'delivery_date', ...CODE_TOOLS],
    answers: {
      search_code: true,
      find_orders: rows([
        { id: 12399, placed_at: '2026-09-30T09:24:36Z', status: 'placed', total: 74.31 },
        { id: 12394, placed_at: '2026-09-29T05:32:06Z', status: 'placed', total: 305.4 },
      ]),
      find_customers: rows([
        customer('C0001', 'Ada Andersen', 'ada.andersen@customers.example', 'Lisbon', 'PT'),
        customer('C0081', 'Ada Bakker', 'ada.bakker@customers.example', 'Gothenburg', 'SE'),
      ]),
      best_sellers: rows([
        { sku: 'TEA-008', name: 'Lapsang Souchong', sold: 271, revenue: 6075.82 },
        { sku: 'COF-010', name: 'Geisha Reserve', sold: 268, revenue: 9899.92 },
      ]),
      weather: {
        city: 'Oslo',
        country: 'NO',
        date: '2026-06-01',
        temperatureCelsius: 17.6,
        humidityPercent: 74,
        windKmh: 19.9,
        condition: 'clear',
      },
      delivery_date: { delivery_date: '2026-03-11', weekday: 'Wednesday', weekend_days_skipped: 2 },
    },
    prompts: ['reply_to_customer'],
    prompt:
      'Write a short reply to the customer C0001, who asks: Where is my parcel?\n' +
      'Look up the orders with find_orders first and state only what you found there.\n' +
      'Tone: friendly',
    resources: [
      'docs://readme',
      'docs://architecture',
      'docs://configuration',
      'code://index',
      'code://project/*',
    ],
    texts: {
      'code://index': 'described',
      'code://project/*': 'described',
      'docs://readme': projectFile('README.md'),
      'docs://architecture': projectFile('ARCHITECTURE.md'),
      'docs://configuration': projectFile('docs/configuration.md'),
    },
  };
}

/** A tool answers data as JSON; what is no JSON (an error's text) is kept as it is, to be seen in the difference. */
function dataOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the comparison shows the text itself.
    return text;
  }
}

function rows(all: readonly object[]): object {
  return { rows: all, rowCount: all.length, truncated: false };
}

function customer(id: string, name: string, email: string, city: string, country: string): object {
  return { id, name, email, city, country };
}

function projectFile(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
}
