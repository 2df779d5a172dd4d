// The rows of the sample shop: a small tea and coffee merchant. Chosen by a seeded generator, so they never change.

interface SampleCustomer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly city: string;
  readonly country: string;
  readonly joinedOn: string;
}

interface SampleProduct {
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly price: number;
  readonly stock: number;
}

export interface SampleOrder {
  readonly id: number;
  readonly customer: string;
  readonly placedAt: string;
  readonly status: string;
  readonly total: number;
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly unitPrice: number }[];
}

const ORDER_COUNT = 2400;
const FIRST_ORDER_ID = 10_001;
const FIRST_DAY = Date.UTC(2025, 0, 2, 8);
const LAST_DAY = Date.UTC(2026, 8, 30, 20);
const DAY_MS = 86_400_000;

const FIRST_NAMES =
  'Ada Ben Clara David Elif Farid Greta Hana Ivo Jun Karin Liam Mei Noor Olga Pedro Quinn Rosa Sami Tess'.split(
    ' ',
  );
const LAST_NAMES =
  'Andersen Bakker Costa Duarte Engel Fischer Garcia Haddad Ivanova Jansen Kaya Lindqvist Moreau Novak Okafor Petrov'.split(
    ' ',
  );
const CITIES = [
  ['Amsterdam', 'NL'],
  ['Berlin', 'DE'],
  ['Copenhagen', 'DK'],
  ['Dublin', 'IE'],
  ['Gothenburg', 'SE'],
  ['Lisbon', 'PT'],
  ['Lyon', 'FR'],
  ['Prague', 'CZ'],
  ['Vienna', 'AT'],
  ['Zurich', 'CH'],
] as const;

/** Category, code, price of the plainest article, and articles from plain to fine. */
const ASSORTMENT = [
  [
    'Tea',
    'TEA',
    6.5,
    [
      'Assam Breakfast',
      'Darjeeling First Flush',
      'Earl Grey',
      'Genmaicha',
      'Gunpowder',
      'Jasmine Pearls',
      'Keemun',
      'Lapsang Souchong',
      'Oolong Tie Guan Yin',
      'Sencha',
      'White Peony',
      'Gyokuro',
    ],
  ],
  [
    'Coffee',
    'COF',
    8.9,
    [
      'House Blend',
      'Espresso Roast',
      'Colombia Huila',
      'Brazil Santos',
      'Ethiopia Yirgacheffe',
      'Guatemala Antigua',
      'Kenya AA',
      'Sumatra Mandheling',
      'Decaf Mountain Water',
      'Geisha Reserve',
    ],
  ],
  [
    'Herbs',
    'HRB',
    4.2,
    [
      'Peppermint',
      'Chamomile',
      'Rooibos',
      'Lemon Verbena',
      'Hibiscus',
      'Ginger Lemon',
      'Fennel Anise',
      'Nettle',
    ],
  ],
  [
    'Equipment',
    'EQP',
    14,
    [
      'Tea Infuser',
      'Pour-over Dripper',
      'Milk Jug',
      'Paper Filters 100',
      'French Press',
      'Cast Iron Teapot',
      'Hand Grinder',
      'Kitchen Scale',
      'Gooseneck Kettle',
      'Electric Grinder',
    ],
  ],
  [
    'Cups',
    'CUP',
    9,
    [
      'Espresso Cup',
      'Cappuccino Cup',
      'Travel Mug',
      'Matcha Bowl',
      'Glass Mug Pair',
      'Teacup and Saucer',
      'Porcelain Gaiwan',
      'Stoneware Mug',
    ],
  ],
  [
    'Sweets',
    'SWT',
    3.4,
    [
      'Shortbread',
      'Almond Biscotti',
      'Dark Chocolate 70',
      'Candied Ginger',
      'Stroopwafels',
      'Salted Caramels',
      'Rock Sugar',
      'Acacia Honey',
    ],
  ],
] as const;

export const customers: readonly SampleCustomer[] = makeCustomers();
export const products: readonly SampleProduct[] = makeProducts();

function makeCustomers(): SampleCustomer[] {
  const next = generator(11);
  const people: SampleCustomer[] = [];
  // 20 and 16 share factors, so the shift by one per round is what makes every pair of names occur once.
  for (let index = 0; index < 240; index += 1) {
    const first = pick(FIRST_NAMES, index);
    const last = pick(LAST_NAMES, index + Math.floor(index / 80));
    const [city, country] = CITIES[Math.floor(next() * CITIES.length)] ?? CITIES[0];
    people.push({
      id: `C${String(index + 1).padStart(4, '0')}`,
      name: `${first} ${last}`,
      email: `${first}.${last}@customers.example`.toLowerCase(),
      city,
      country,
      joinedOn: new Date(FIRST_DAY - Math.floor(next() * 700) * DAY_MS).toISOString().slice(0, 10),
    });
  }
  return people;
}

function makeProducts(): SampleProduct[] {
  const next = generator(23);
  return ASSORTMENT.flatMap(([category, code, base, names]) =>
    names.map((name, index) => ({
      sku: `${code}-${String(index + 1).padStart(3, '0')}`,
      name,
      category,
      price: round(base * (1 + index * 0.35)),
      stock: Math.floor(next() * 180),
    })),
  );
}

/** Orders by the time they were placed; the newest are still under way. */
export function* sampleOrders(): Generator<SampleOrder> {
  const next = generator(47);
  const step = (LAST_DAY - FIRST_DAY) / ORDER_COUNT;
  for (let index = 0; index < ORDER_COUNT; index += 1) {
    // Squaring makes some customers regulars and leaves others with a single order.
    const customer = pick(customers, Math.floor(next() ** 2 * customers.length));
    const items = makeItems(next);
    yield {
      id: FIRST_ORDER_ID + index,
      customer: customer.id,
      placedAt: new Date(FIRST_DAY + Math.floor((index + next()) * step))
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
      status: statusOf(ORDER_COUNT - index, next()),
      total: round(items.reduce((sum, item) => sum + item.quantity * item.unitPrice, 0)),
      items,
    };
  }
}

function makeItems(next: () => number): SampleOrder['items'] {
  const count = 1 + Math.floor(next() ** 2 * 5);
  const start = Math.floor(next() * products.length);
  // Steps of seven through the assortment: different articles in one order, and never the same one twice.
  return Array.from({ length: count }, (_, line) => {
    const { sku, price } = pick(products, start + line * 7);
    return { sku, quantity: 1 + Math.floor(next() ** 3 * 6), unitPrice: price };
  });
}

function statusOf(age: number, chance: number): string {
  if (chance < 0.04) return 'cancelled';
  if (age < 12) return 'placed';
  if (age < 40) return 'paid';
  return age < 110 ? 'shipped' : 'delivered';
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

function round(amount: number): number {
  return Math.round(amount * 100) / 100;
}

/** Mulberry32: 32 bits of state, the same numbers everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
