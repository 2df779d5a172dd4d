// Reloads where there are workers: one of them watches the files, and the primary lets all of them reload in turn.
import type { Definition } from '../../definition/schema/definition.ts';
import type { Plan } from '../../plan/server-plan.ts';
import { RELOAD_WITHIN_MS, TO_PRIMARY, TO_WORKER, type WorkerReload } from '../../workers/messages.ts';
import type { WorkerLink } from '../../workers/worker-link.ts';

/** Asks the primary; resolves with the error that kept the plans before. Never rejects. */
export async function reloadAll(worker: WorkerLink): Promise<{ readonly error: unknown }> {
  try {
    const within = RELOAD_WITHIN_MS * (worker.state().wanted + 1);
    const { error } = parseOutcome(await worker.channel.ask(TO_PRIMARY.reload, undefined, within));
    return { error: error === undefined ? undefined : new Error(error) };
  } catch (error) {
    return { error };
  }
}

/** Watches while this worker is the leader, and looks once where it takes over: what changed between was seen by none. */
export function watchAsLeader(worker: WorkerLink, watcher: { start(): void; stop(): void }): () => void {
  let isWatching = false;
  let isFirstState = true;
  const follow = (): void => {
    const isLeader = worker.isLeader();
    if (isLeader && !isWatching) {
      watcher.start();
      if (!isFirstState) void reloadAll(worker);
    } else if (!isLeader && isWatching) watcher.stop();
    isWatching = isLeader;
    isFirstState = false;
  };
  return worker.onState(follow);
}

/** Answers the primary's word to reload with what this worker's own reload came to. */
export function answerReloads(
  worker: WorkerLink,
  parts: {
    readonly reload: () => Promise<{ readonly error: unknown }>;
    readonly plan: () => Plan;
    /** Keys whose value the environment or the command line settles. */
    readonly isPortSettled: boolean;
  },
): void {
  let started = ofTheStart(parts.plan());
  worker.channel.handle(TO_WORKER.reload, async (): Promise<WorkerReload> => {
    const { error } = await parts.reload();
    if (error !== undefined)
      return { error: error instanceof Error ? error.message : String(error), needsRestart: [] };
    const now = ofTheStart(parts.plan());
    const needsRestart = [...now].flatMap(([key, value]) =>
      value === started.get(key) || (key === 'port' && parts.isPortSettled) ? [] : [key],
    );
    // Said once: the processes that follow start with it.
    started = now;
    return { needsRestart };
  });
}

/** What the listener was made with. */
function ofTheStart(plan: Plan): ReadonlyMap<string, string> {
  const { port, performance }: Definition = plan.defaultServer.definition;
  return new Map([
    ['port', String(port)],
    ['performance.keepAlive', JSON.stringify(performance.keepAlive)],
  ]);
}

/** The primary is the same program. */
function parseOutcome(body: unknown): { readonly error?: string } {
  return body as { error?: string };
}
