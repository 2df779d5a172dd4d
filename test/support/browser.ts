// A browser as far as logins need one: it keeps cookies, follows redirects, and clicks the one link of a page.

/** One person's browser. */
export interface Browser {
  /** Opens `url` and follows redirects. */
  open(url: string): Promise<Page>;
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** Address of the only link. */
  readonly link: string | undefined;
}

/** More than any login takes. */
const REDIRECTS_MAX = 20;

export function createBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();
  return {
    async open(start) {
      let url = start;
      for (let redirects = 0; redirects < REDIRECTS_MAX; redirects++) {
        const { origin } = new URL(url);
        const jar = jars.get(origin) ?? new Map<string, string>();
        jars.set(origin, jar);
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
        for (const line of answer.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          if (value === '') jar.delete(name);
          else jar.set(name, value);
        }
        const location = answer.headers.get('location');
        if (location === null) {
          const text = await answer.text();
          const href = /<a href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
          const link = href === undefined ? undefined : new URL(href, url).href;
          return { url, status: answer.status, text, link };
        }
        url = new URL(location, url).href;
      }
      throw new Error(`${start} redirects without end`);
    },
  };
}
