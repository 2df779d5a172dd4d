import { expect, test } from 'vitest';
import { selectEra } from './era.ts';

const claim = (version: unknown) => ({
  params: { _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
});

test('a claim in _meta or a modern header is modern, everything else legacy', () => {
  expect(selectEra(claim('2026-07-28'), undefined)).toBe('modern');
  expect(selectEra(claim('1900-01-01'), undefined)).toBe('modern');
  expect(selectEra(claim(7), undefined)).toBe('modern');
  expect(selectEra({}, '2026-07-28')).toBe('modern');
  expect(selectEra([], '2027-01-01')).toBe('modern');
  expect(selectEra({ method: 'initialize' }, undefined)).toBe('legacy');
  expect(selectEra({ params: { _meta: { progressToken: 1 } } }, '2025-11-25')).toBe('legacy');
  expect(selectEra({}, '2020-01-01')).toBe('legacy');
  expect(selectEra({}, 'nonsense')).toBe('legacy');
  expect(selectEra(null, undefined)).toBe('legacy');
});
