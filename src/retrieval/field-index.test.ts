import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFieldIndex } from './field-index.ts';
import { termsOf } from './terms.ts';

describe('terms', () => {
  test.each([
    ['find_orders', ['find', 'order']],
    ['findOrders', ['find', 'order']],
    ['HTTPServer2', ['http', 'server', '2']],
    ['parseURLs', ['parse', 'url']],
    ['The orders of a customer', ['order', 'customer']],
    ['queries, boxes and prices', ['query', 'box', 'price']],
    ['status analysis class', ['status', 'analysis', 'class']],
    ['ﬁnd Café 注文 Заказы', ['find', 'café', '注文', 'заказы']],
    ['<script> ../ %', ['script']],
  ])('%s', (text, expected) => {
    expect(termsOf(text)).toEqual(expected);
  });
});

describe('ranking', () => {
  const weights = {
    name: { weight: 3, lengthShare: 0.3 },
    text: { weight: 1, lengthShare: 0.75 },
  };
  const documents = [
    { name: 'list_orders', text: 'All orders of a shop.' },
    { name: 'delete_order', text: 'Removes one order for good.' },
    { name: 'list_customers', text: 'All customers of a shop, with their number of orders.' },
    { name: 'send_mail' },
  ];
  const index = createFieldIndex(documents, weights);

  test('the name counts more than the text, a rare term more than a usual one', () => {
    expect(index.search('orders', 10)).toEqual([0, 1, 2]);
    expect(index.search('remove orders', 10)[0]).toBe(1);
    expect(index.search('send', 10)).toEqual([3]);
  });

  test('what matches no term, and what is not admitted, is not found', () => {
    expect(index.search('nothing of this', 10)).toEqual([]);
    expect(index.search('', 10)).toEqual([]);
    expect(index.search('orders', 10, (document) => document !== 0)).toEqual([1, 2]);
    expect(index.search('orders', 1, (document) => document !== 0)).toEqual([1]);
  });

  test('the order of the words and repetitions in the query change nothing, and results are stable', () => {
    const words = fc.array(fc.constantFrom('order', 'customer', 'list', 'send', 'shop', 'x'), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(words, (query) => {
        const found = index.search(query.join(' '), 10);
        expect(index.search([...query, ...query].reverse().join(' '), 10)).toEqual(found);
        expect(new Set(found).size).toBe(found.length);
      }),
    );
  });
});
