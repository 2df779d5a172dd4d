// What a handler in one worker publishes reaches the listeners and sessions of the others. Changes by a reload do not
// travel: every worker loads the definition itself.
import type { ChangeHub } from '../../protocol/changes.ts';
import type { ChangeNotice } from '../../tool.ts';
import type { WorkerLink } from '../../workers/worker-link.ts';

const TOPIC = 'changes';

interface ChangeNews {
  readonly slug: string;
  readonly change: ChangeNotice;
}

/** Connects the hub of this worker with those of the others. */
export function shareNews(hub: ChangeHub, worker: WorkerLink): void {
  worker.onPublished(TOPIC, (body) => {
    const { slug, change } = parseNews(body);
    hub.publish(slug, change);
  });
  hub.onNotified((slug, change) => void worker.publish(TOPIC, { slug, change } satisfies ChangeNews));
}

/** Another worker is the same program. */
function parseNews(body: unknown): ChangeNews {
  return body as ChangeNews;
}
