// The places that the sample API knows. Temperatures are rounded long-term means in °C.

export interface City {
  readonly name: string;
  readonly country: string;
  readonly currency: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly january: number;
  readonly july: number;
}

type Row = readonly [string, string, string, number, number, number, number];

const ROWS: readonly Row[] = [
  ['Amsterdam', 'NL', 'EUR', 52.37, 4.9, 4, 18],
  ['Athens', 'GR', 'EUR', 37.98, 23.73, 10, 29],
  ['Auckland', 'NZ', 'NZD', -36.85, 174.76, 20, 11],
  ['Bangkok', 'TH', 'THB', 13.76, 100.5, 27, 29],
  ['Beijing', 'CN', 'CNY', 39.9, 116.41, -3, 27],
  ['Berlin', 'DE', 'EUR', 52.52, 13.4, 1, 20],
  ['Bogotá', 'CO', 'COP', 4.71, -74.07, 14, 13],
  ['Buenos Aires', 'AR', 'ARS', -34.6, -58.38, 25, 11],
  ['Cairo', 'EG', 'EGP', 30.04, 31.24, 14, 29],
  ['Cape Town', 'ZA', 'ZAR', -33.92, 18.42, 21, 12],
  ['Copenhagen', 'DK', 'DKK', 55.68, 12.57, 1, 18],
  ['Dublin', 'IE', 'EUR', 53.35, -6.26, 5, 16],
  ['Helsinki', 'FI', 'EUR', 60.17, 24.94, -4, 18],
  ['Istanbul', 'TR', 'TRY', 41.01, 28.98, 6, 25],
  ['Jakarta', 'ID', 'IDR', -6.21, 106.85, 27, 28],
  ['Lagos', 'NG', 'NGN', 6.52, 3.38, 27, 25],
  ['Lima', 'PE', 'PEN', -12.05, -77.04, 23, 17],
  ['Lisbon', 'PT', 'EUR', 38.72, -9.14, 12, 23],
  ['London', 'GB', 'GBP', 51.51, -0.13, 6, 19],
  ['Madrid', 'ES', 'EUR', 40.42, -3.7, 6, 26],
  ['Mexico City', 'MX', 'MXN', 19.43, -99.13, 14, 18],
  ['Montréal', 'CA', 'CAD', 45.5, -73.57, -9, 22],
  ['Mumbai', 'IN', 'INR', 19.08, 72.88, 25, 28],
  ['Nairobi', 'KE', 'KES', -1.29, 36.82, 19, 17],
  ['New York', 'US', 'USD', 40.71, -74.01, 1, 25],
  ['Oslo', 'NO', 'NOK', 59.91, 10.75, -3, 18],
  ['Paris', 'FR', 'EUR', 48.86, 2.35, 5, 21],
  ['Reykjavík', 'IS', 'ISK', 64.15, -21.94, 1, 12],
  ['San Francisco', 'US', 'USD', 37.77, -122.42, 11, 15],
  ['São Paulo', 'BR', 'BRL', -23.55, -46.63, 23, 17],
  ['Seoul', 'KR', 'KRW', 37.57, 126.98, -2, 26],
  ['Singapore', 'SG', 'SGD', 1.35, 103.82, 27, 28],
  ['Stockholm', 'SE', 'SEK', 59.33, 18.07, -2, 19],
  ['Sydney', 'AU', 'AUD', -33.87, 151.21, 24, 13],
  ['Tokyo', 'JP', 'JPY', 35.68, 139.69, 5, 26],
  ['Warsaw', 'PL', 'PLN', 52.23, 21.01, -2, 20],
  ['Zürich', 'CH', 'CHF', 47.37, 8.54, 1, 19],
];

export const CITIES: readonly City[] = ROWS.map(
  ([name, country, currency, latitude, longitude, january, july]) => ({
    name,
    country,
    currency,
    latitude,
    longitude,
    january,
    july,
  }),
);

const byName = new Map(CITIES.map((city) => [searchName(city.name), city]));

/** Finds a city whatever the case, and without its accents. */
export function findCity(name: string): City | undefined {
  return byName.get(searchName(name));
}

function searchName(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').trim().toLowerCase();
}
