// Makes what the sample definition reads: the shop database, where it is not there yet or is of an older version.
import { fileURLToPath } from 'node:url';
import { ensureShopDatabase } from './shop/shop-database.ts';

ensureShopDatabase(fileURLToPath(new URL('./shop/shop.db', import.meta.url)));
