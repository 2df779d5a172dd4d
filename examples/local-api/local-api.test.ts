import { afterAll, expect, test } from 'vitest';
import { CITIES } from './cities.ts';
import { startLocalApi } from './local-api.ts';
import { UNITS_PER_EURO } from './rates.ts';

const api = await startLocalApi({ port: 0 });
afterAll(() => api.close());

async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(api.url + path);
  return { status: response.status, body: parseObject(await response.text()) };
}

function parseObject(text: string): Record<string, unknown> {
  return JSON.parse(text);
}

test('the weather of every city is plausible and the same each time', async () => {
  expect(CITIES.length).toBeGreaterThanOrEqual(30);
  for (const city of CITIES) {
    const path = `/v1/weather?city=${encodeURIComponent(city.name)}&date=2026-01-15`;
    const { status, body } = await get(path);
    expect(status).toBe(200);
    expect(Math.abs(Number(body.temperatureCelsius) - city.january)).toBeLessThan(8);
    expect((await get(path)).body).toEqual(body);
  }
});

test('cities are found without accents and in any case, the season and the day count', async () => {
  expect((await get('/v1/weather?city=zurich')).body).toMatchObject({
    city: 'Zürich',
    country: 'CH',
    date: '2026-06-01',
  });
  expect((await get('/v1/weather?city=S%C3%83O%20PAULO')).body).toMatchObject({ city: 'São Paulo' });
  const winter = (await get('/v1/weather?city=Oslo&date=2026-01-15')).body;
  const summer = (await get('/v1/weather?city=Oslo&date=2026-07-15')).body;
  expect(Number(summer.temperatureCelsius)).toBeGreaterThan(Number(winter.temperatureCelsius));
  expect((await get('/v1/weather?city=Oslo&date=2026-01-16')).body).not.toEqual(winter);
});

test('every currency of a city has a rate, and conversion uses it', async () => {
  for (const { currency } of CITIES) expect(UNITS_PER_EURO[currency]).toBeGreaterThan(0);
  expect((await get('/v1/rates?base=usd')).body).toMatchObject({ base: 'USD', rates: { USD: 1 } });
  expect((await get('/v1/convert?from=EUR&to=GBP&amount=10')).body).toEqual({
    from: 'EUR',
    to: 'GBP',
    amount: 10,
    rate: 0.87,
    result: 8.7,
  });
  expect((await get('/v1/cities')).body.cities).toHaveLength(CITIES.length);
});

test.each([
  ['/v1/weather?city=Atlantis', 404],
  ['/v1/weather', 404],
  ['/v1/weather?city=Oslo&date=2026-02-30', 400],
  ['/v1/weather?city=Oslo&date=today', 400],
  ['/v1/rates?base=XXX', 404],
  ['/v1/rates?base=constructor', 404],
  ['/v1/convert?from=EUR&to=USD&amount=many', 400],
  ['/v1/convert', 404],
  ['/constructor', 404],
  ['/nothing', 404],
])('%s is answered with %i and a reason', async (path, status) => {
  const answer = await get(path);
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ error: { status, message: expect.stringMatching(/.+/) } });
});

test('other methods are refused, a taken port is reported', async () => {
  expect((await fetch(`${api.url}/v1/cities`, { method: 'POST', body: 'x' })).status).toBe(405);
  expect((await fetch(`${api.url}/v1/cities`, { method: 'HEAD' })).status).toBe(200);
  await expect(startLocalApi({ port: Number(new URL(api.url).port) })).rejects.toThrow('EADDRINUSE');
});
