// One shop written three times, by three hands: the own service in Python, samples in Go and Rust. Twenty things are done
// in all of them, under names of their own, among others that are only alike.
import type { Tree } from './code-server.ts';

/** What is asked for, and the function that does it in each language. */
export interface LabelledConcept {
  readonly question: string;
  readonly python: string;
  readonly go: string;
  readonly rust: string;
}

const concept = (question: string, python: string, go: string, rust: string): LabelledConcept => ({
  question,
  python,
  go,
  rust,
});

export const CONCEPTS: readonly LabelledConcept[] = [
  concept('authenticate user', 'login_user', 'AuthenticateUser', 'sign_in_user'),
  concept('create order', 'create_order', 'AddOrder', 'insert_order'),
  concept('delete customer', 'remove_customer', 'DeleteCustomer', 'drop_client'),
  concept('load configuration', 'read_settings', 'LoadConfig', 'fetch_configuration'),
  concept('send email', 'send_mail', 'DispatchEmail', 'send_email'),
  concept('retry with backoff', 'retry_call', 'DoWithBackoff', 'with_retries'),
  concept('validate address', 'validate_address', 'CheckAddress', 'verify_address'),
  concept('parse price', 'parse_price', 'DecodePrice', 'price_from_text_parse'),
  concept('hash password', 'hash_password', 'PasswordDigest', 'digest_password'),
  concept('rate limit requests', 'throttle_request', 'RateLimit', 'limit_requests'),
  concept('cache product', 'cached_product', 'ProductCache', 'memoize_product'),
  concept('save invoice', 'store_invoice', 'SaveInvoice', 'persist_invoice'),
  concept('total of cart', 'cart_total', 'SumCart', 'cart_sum'),
  concept('sort products', 'sort_products', 'OrderProducts', 'rank_products'),
  concept('connect to database', 'open_database', 'ConnectDatabase', 'dial_database'),
  concept('list shipments', 'all_shipments', 'ListShipments', 'enumerate_shipments'),
  concept('encode json response', 'serialize_response', 'MarshalResponse', 'encode_reply'),
  concept('subscribe to events', 'listen_events', 'SubscribeEvents', 'consume_messages'),
  concept('convert currency', 'convert_currency', 'TransformCurrency', 'map_currency'),
  concept('update stock', 'update_stock', 'ModifyStock', 'change_stock'),
];

const OTHERS = [
  'shop',
  'window',
  'door',
  'colour',
  'banner',
  'printer',
  'holiday',
  'ladder',
  'basket',
  'shelf',
];
const snake = (word: string, other: string) => `${word}_${other}`;
const pascal = (...words: readonly string[]) =>
  words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
const VERBS = ['create', 'delete', 'load', 'send', 'validate', 'parse', 'sort', 'list', 'update', 'convert'];

/** Functions that share a verb with what is asked for, and nothing else. */
const distractors = VERBS.flatMap((verb) => OTHERS.map((other) => [verb, other] as const));

const RETRY_PY = `import logging
import httpx


async def retry_call(url: str, attempts: int = 3) -> dict | None:
    """Calls again with backoff, and gives up after some attempts."""
    for attempt in range(attempts):
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(url)).json()
        except httpx.HTTPError as error:
            logging.warning("attempt %s failed", attempt)
            if attempt == attempts - 1:
                raise RuntimeError("gave up") from error
    return None
`;
const RETRY_GO = `package shop

import (
	"context"
	"fmt"
	"net/http"
)

// DoWithBackoff calls again and again, waiting longer each time.
func DoWithBackoff(ctx context.Context, url string, attempts int) (*http.Response, error) {
	var last error
	for attempt := range attempts {
		response, err := http.Get(url)
		if err != nil {
			last = fmt.Errorf("attempt %d: %w", attempt, err)
			continue
		}
		defer response.Body.Close()
		return response, nil
	}
	return nil, last
}
`;
const RETRY_RS = `use reqwest::Response;

/// Calls again, with backoff between the attempts.
pub async fn with_retries(url: &str, attempts: usize) -> Result<Option<Response>, ShopError> {
    let mut last: Option<ShopError> = None;
    for _ in 0..attempts {
        match reqwest::get(url).await {
            Ok(response) => return Ok(Some(response)),
            Err(error) => last = Some(ShopError::from(error)),
        }
    }
    match last {
        Some(error) => Err(error),
        None => Ok(None),
    }
}
`;

const others = (chosen: (one: LabelledConcept) => string) =>
  CONCEPTS.filter(({ question }) => !question.startsWith('retry')).map(chosen);

export const PYTHON_SHOP: Tree = {
  'shop/retry.py': RETRY_PY,
  'shop/use.py':
    'from shop.retry import retry_call\n\n\nasync def fetch_rates():\n    return await retry_call("https://rates")\n',
  'shop/service.py': others(({ python }) => python)
    .map((name) => `def ${name}(value, options):\n    return value\n`)
    .join('\n\n'),
  'shop/rest.py': distractors
    .map(([verb, other]) => `def ${snake(verb, other)}(value):\n    return value\n`)
    .join('\n\n'),
};

export const GO_SHOP: Tree = {
  'retry.go': RETRY_GO,
  'service.go': `package shop\n\n${others(({ go }) => go)
    .map((name) => `func ${name}(value string) string {\n\treturn value\n}\n`)
    .join('\n')}`,
  'rest.go': `package shop\n\n${distractors
    .map(([verb, other]) => `func ${pascal(verb, other)}(value string) string {\n\treturn value\n}\n`)
    .join('\n')}`,
};

export const RUST_SHOP: Tree = {
  'src/retry.rs': RETRY_RS,
  'src/service.rs': others(({ rust }) => rust)
    .map((name) => `pub fn ${name}(value: &str) -> &str {\n    value\n}\n`)
    .join('\n'),
  'src/rest.rs': distractors
    .map(([verb, other]) => `pub fn ${snake(verb, other)}(value: &str) -> &str {\n    value\n}\n`)
    .join('\n'),
};
