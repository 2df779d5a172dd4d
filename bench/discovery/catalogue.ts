// 500 tools as a company might have them: 50 kinds of things in 25 services, 10 tools for each. Always the same.

/** One tool in the short form of a definition. */
export interface CatalogueTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** `service noun: what it is: fields`, the fields as `name type description`. */
const THINGS = `
github issue: a task or bug report in a code repository: repository string Owner and name of the repository; labels array Labels that it carries; milestone string Milestone that it belongs to
github pull_request: a proposed code change that waits for review: repository string Owner and name of the repository; base string Branch that it goes into; reviewer string Who is asked to review it
github release: a published version of the software with its notes: repository string Owner and name of the repository; tag string Git tag such as v1.4.0; prerelease boolean Whether it is not for production
github workflow_run: one run of a continuous integration pipeline: repository string Owner and name of the repository; workflow string File name of the pipeline; branch string Branch that it ran on
jira sprint: a period of two weeks of planned work of a team: board integer Number of the board; goal string What the team wants to reach; end_date string Last day
jira epic: a large goal that groups many stories: project string Key of the project; color string Color on the roadmap; owner string Who answers for it
calendar event: a meeting or appointment with its attendees: start string Begin with time zone; end string End with time zone; attendees array E-mail addresses of who is invited
calendar room: a meeting room that can be reserved: building string Building; seats integer How many people it seats; screen boolean Whether it has a screen
mail message: an e-mail in the mailbox: to array Recipients; subject string Subject line; body string Text
mail filter: a rule that sorts incoming e-mail: sender string Address that it looks for; label string Label that it puts on; forward_to string Address that it forwards to
chat channel: a chat room of a team: topic string What is talked about; private boolean Whether only invited people see it; members array Who is in it
chat reminder: a note that the chat sends at a given time: text string What to be reminded of; at string When it is sent; user string Who gets it
crm contact: a person at a customer, with phone and e-mail: full_name string Name of the person; phone string Phone number; company string Company that the person works for
crm deal: a possible sale with its stage and value: stage string Stage in the sales pipeline; value number Expected revenue; close_date string When it will be won or lost
crm account: a customer company: industry string Branch of industry; website string Web address; owner string Sales person who looks after it
billing invoice: a bill that a customer has to pay: customer string Id of the customer; due_date string When it must be paid; amount number Sum with tax
billing subscription: a recurring plan that a customer pays for: plan string Name of the plan; seats integer Number of seats; renews_at string Date of the next renewal
billing refund: money that is paid back to a customer: payment string Id of the payment; amount number Sum that goes back; reason string Why
billing coupon: a discount code: code string What customers type in; percent_off number Discount in percent; expires_at string Last day
shop product: an article in the catalogue of the shop: sku string Number of the article; price number Price with tax; stock integer How many are left
shop order: a purchase of a customer in the shop: customer string Id of the customer; items array Articles and quantities; status string open, paid, sent or returned
shop review: an opinion of a buyer with stars: product string Number of the article; stars integer 1 to 5; text string What the buyer says
warehouse shipment: a parcel on its way with its tracking number: carrier string Parcel service; tracking_number string Number for tracking; destination string Address
warehouse stock_item: an article on a shelf with its quantity: shelf string Place in the warehouse; quantity integer How many there are; minimum integer Quantity below which it is ordered again
hr employee: a member of staff: department string Department; manager string Who leads the person; start_date string First day at work
hr leave_request: a request for vacation or sick days: employee string Who is away; from string First day; until string Last day
hr payslip: a monthly salary statement: employee string Who is paid; month string Month as 2026-07; gross number Salary before tax
recruiting job_opening: a vacant position that people can apply for: title string Title of the position; location string Where it is; salary_range string Lowest and highest salary
recruiting candidate: a person who applies for a position: email string E-mail address; resume_url string Address of the resume; stage string Stage of the application
wiki page: an article in the knowledge base: space string Part of the wiki; markdown string Text; parent string Page above it
wiki comment: a remark below an article: page string Page that it is about; text string What is said; resolved boolean Whether it is settled
drive file: a document in the cloud storage: folder string Where it lies; mime_type string Type of the content; content string Content as base64
drive folder: a directory in the cloud storage: parent string Folder above it; color string Color of the icon; inherit boolean Whether it takes the rights of its parent
dns record: an entry of a domain such as A, MX or TXT: zone string Domain; type string A, AAAA, CNAME, MX or TXT; ttl integer Seconds that it may be kept
dns zone: a domain with its name servers: domain string Name of the domain; dnssec boolean Whether it is signed; contact string Who is responsible
cloud server: a virtual machine: region string Region of the data center; size string Number of processors and memory; image string Operating system
cloud bucket: an object store for blobs: region string Region of the data center; versioning boolean Whether old versions are kept; public boolean Whether anyone may read it
cloud database: a managed PostgreSQL or MySQL instance: engine string postgres or mysql; version string Version of the engine; storage_gb integer Size of the disk in GB
cloud load_balancer: a distributor of traffic over several backends: port integer Port that it listens on; backends array Servers behind it; certificate string TLS certificate
kubernetes deployment: an application that runs in a cluster as replicas of a container: namespace string Namespace; image string Container image; replicas integer How many copies run
kubernetes secret: confidential values for applications in a cluster: namespace string Namespace; keys array Names of the values; type string Kind of values
monitoring alert: a rule that fires when a metric crosses a threshold: query string Expression over metrics; threshold number Value at which it fires; severity string warning or critical
monitoring dashboard: a board of charts about metrics: charts array Charts and their queries; refresh_seconds integer How often it is drawn again; team string Who uses it
oncall incident: an outage that people work on: severity string How bad it is; commander string Who leads the work; services array What is affected
oncall schedule: a rota of who is on duty and when: team string Which team; rotation string weekly or daily; timezone string Time zone
survey form: a questionnaire with its questions: questions array Questions in order; anonymous boolean Whether names are kept; closes_at string When it ends
survey response: the answers of one person to a questionnaire: form string Questionnaire; answers object Answers by question; submitted_by string Who answered
travel booking: a reserved flight, train or hotel: traveler string Who travels; from_city string Where the journey begins; to_city string Where it goes
travel visa: a permit to enter a country: country string Which country; passport string Number of the passport; valid_until string Last day
finance expense_report: a claim for money that an employee spent: employee string Who spent it; receipts array Pictures of the receipts; total number Sum
`;

interface Verb {
  readonly verb: string;
  readonly isPlural: boolean;
  readonly says: (one: string, many: string, what: string) => string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly takesFields: boolean;
}

const id = { type: 'string', description: 'Its id.' };
const page = {
  cursor: { type: 'string', description: 'Where the last page ended.' },
  page_size: {
    type: 'integer',
    minimum: 1,
    maximum: 200,
    default: 50,
    description: 'Most entries of one page.',
  },
};

const VERBS: readonly Verb[] = [
  {
    verb: 'create',
    isPlural: false,
    says: (one, _, what) => `Creates a new ${one}: ${what}.`,
    properties: {},
    takesFields: true,
  },
  {
    verb: 'get',
    isPlural: false,
    says: (one, _, what) => `Shows one ${one} with all its details. It is ${what}.`,
    properties: { id },
    takesFields: false,
  },
  {
    verb: 'list',
    isPlural: true,
    says: (_, many) => `Lists all ${many}, newest first, page by page.`,
    properties: page,
    takesFields: false,
  },
  {
    verb: 'search',
    isPlural: true,
    says: (_, many) => `Finds ${many} by words in their text.`,
    properties: { text: { type: 'string', minLength: 2, description: 'Words to look for.' }, ...page },
    takesFields: false,
  },
  {
    verb: 'update',
    isPlural: false,
    says: (one) => `Changes fields of an existing ${one}; what is not given stays as it is.`,
    properties: { id },
    takesFields: true,
  },
  {
    verb: 'delete',
    isPlural: false,
    says: (one) => `Removes one ${one} for good. This cannot be undone.`,
    properties: { id, reason: { type: 'string', description: 'Why, for the record.' } },
    takesFields: false,
  },
  {
    verb: 'archive',
    isPlural: false,
    says: (one) => `Archives one ${one}: puts it out of sight without losing it.`,
    properties: { id },
    takesFields: false,
  },
  {
    verb: 'export',
    isPlural: true,
    says: (_, many) => `Exports ${many} to a file as CSV or JSON and answers the download address.`,
    properties: {
      format: { type: 'string', enum: ['csv', 'json'], description: 'Form of the file.' },
      since: { type: 'string', format: 'date', description: 'Only what is newer.' },
    },
    takesFields: false,
  },
  {
    verb: 'share',
    isPlural: false,
    says: (one) => `Gives another person or team access to one ${one}.`,
    properties: {
      id,
      with: { type: 'string', description: 'Person or team.' },
      role: { type: 'string', enum: ['viewer', 'editor'], description: 'What they may do.' },
    },
    takesFields: false,
  },
  {
    verb: 'get_history_of',
    isPlural: false,
    says: (one) => `Shows who changed one ${one}, when, and what it was before.`,
    properties: { id, ...page },
    takesFields: false,
  },
];

/** All 500, in the order of the things. */
export function catalogue(): readonly CatalogueTool[] {
  return THINGS.trim()
    .split('\n')
    .flatMap((line) => {
      const [title = '', what = '', fields = ''] = line.split(': ');
      return VERBS.map((verb) => toTool(title, what, fields, verb));
    });
}

function toTool(title: string, what: string, fields: string, kind: Verb): CatalogueTool {
  const [service = '', thing = ''] = title.split(' ');
  const noun = thing.replaceAll('_', ' ');
  const plural = pluralOf(noun);
  const own = Object.fromEntries(fields.split('; ').map(toProperty));
  const properties = { ...kind.properties, ...(kind.takesFields ? own : {}) };
  const [first] = Object.keys(properties);
  return {
    name: `${service}_${kind.verb}_${kind.isPlural ? pluralOf(thing) : thing}`,
    description: kind.says(noun, plural, what),
    inputSchema: {
      type: 'object',
      properties,
      ...(first === undefined || kind.verb === 'list' ? {} : { required: [first] }),
      additionalProperties: false,
    },
  };
}

function toProperty(field: string): [string, unknown] {
  const [name = '', type = '', ...words] = field.split(' ');
  const items = type === 'array' ? { items: { type: 'string' } } : {};
  return [name, { type, ...items, description: `${words.join(' ')}.` }];
}

function pluralOf(noun: string): string {
  return noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
