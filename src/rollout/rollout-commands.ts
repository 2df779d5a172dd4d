// What people can do with rollouts; behind REST and the command line alike.
import type { Definition } from '../definition/schema/definition.ts';
import type { Rollout } from '../definition/schema/rollout.ts';
import { QuaysideError } from '../errors.ts';
import { type Actor, audited } from '../gate/actor.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import type { Step } from '../store/store.ts';
import { breakingChanges } from './breaking-changes.ts';
import type { RolloutDirectory } from './rollout-directory.ts';
import { eventOf } from './rollout-event.ts';
import { aborted, paused, promoted, type RolloutState, started } from './rollout-state.ts';
import { removeSamples } from './rollout-statements.ts';

/** A rollout as the definitions in force declare it. */
export interface DeclaredRollout {
  readonly slug: string;
  readonly rollout: Rollout;
  readonly stable: Pick<Definition, 'tools'>;
  /** Undefined, with a problem, where it could not be loaded. */
  readonly canary: Pick<Definition, 'tools'> | undefined;
  readonly problem?: string | undefined;
}

export interface RolloutCommandDeps {
  readonly directory: RolloutDirectory;
  readonly declared: () => readonly DeclaredRollout[];
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Absent: nothing is written down. */
  readonly audit?: AuditLog;
}

/** Versions are everybody's, so only the operator's tenant `default` sees and changes how they are served. */
export interface RolloutCommands {
  list(actor: Actor): Promise<readonly ShownRollout[]>;
  /** Throws `not_found` for a slug without a rollout; so do the others, and `conflict` where it is not the time. */
  status(actor: Actor, slug: string): Promise<ShownRollout>;
  /** Throws `conflict` as well for a canary that is not there, or that breaks clients unless that is allowed. */
  start(actor: Actor, slug: string, options: { readonly allowBreaking: boolean }): Promise<ShownRollout>;
  pause(actor: Actor, slug: string): Promise<ShownRollout>;
  promote(actor: Actor, slug: string, options: { readonly onlyNext: boolean }): Promise<ShownRollout>;
  abort(actor: Actor, slug: string, options: { readonly reason?: string | undefined }): Promise<ShownRollout>;
}

/** A rollout as REST and the command line show it; times in ISO 8601. */
export interface ShownRollout {
  readonly slug: string;
  readonly stable: string;
  readonly canary: string;
  readonly status: RolloutState['status'] | 'idle';
  readonly weight: number;
  /** From 1; 0 before the start. */
  readonly stage: number;
  readonly stages: readonly number[];
  readonly failed_analyses: number;
  readonly threshold: number;
  readonly reason: string | null;
  /** When the next stage begins if nothing fails until then. */
  readonly next_stage_at: string | null;
  readonly canary_problem: string | null;
  readonly updated_at: string | null;
  readonly updated_by: string | null;
}

/** The commands over one directory. */
export function createRolloutCommands(deps: RolloutCommandDeps): RolloutCommands {
  const fresh = async (actor: Actor, slug: string): Promise<DeclaredRollout> => {
    await enter(deps, actor);
    const found = deps.declared().find((one) => one.slug === slug);
    if (found !== undefined) return found;
    throw new QuaysideError('not_found', { message: `The server ${slug} declares no rollout.` });
  };
  const step = async (
    actor: Actor,
    slug: string,
    next: (before: RolloutState | undefined, one: DeclaredRollout) => RolloutState,
    more: readonly Step[] = [],
  ): Promise<ShownRollout> => {
    const one = await fresh(actor, slug);
    const before = deps.directory.find(slug, one.rollout)?.state;
    const after = next(before, one);
    const change: Change = {
      ...eventOf(before, after),
      resourceType: 'rollout',
      resourceId: slug,
      tenantId: actor.tenantId,
      ...(before === undefined ? {} : { before }),
      after,
    };
    await audited(deps.audit, actor, change, () =>
      putDecided(deps, slug, one, { next: (state) => next(state, one), by: actor.id, more }),
    );
    return show(deps, one);
  };
  return {
    async list(actor) {
      await enter(deps, actor);
      return deps.declared().map((one) => show(deps, one));
    },
    status: async (actor, slug) => show(deps, await fresh(actor, slug)),
    start(actor, slug, { allowBreaking }) {
      const now = deps.now();
      // What was counted before an abort says nothing of what starts now.
      const clean = { statement: removeSamples, values: { slug, before: now + 1 } };
      return step(
        actor,
        slug,
        (before, one) => {
          demandCanary(one, allowBreaking);
          return started(before, one.rollout, now);
        },
        [clean],
      );
    },
    pause: (actor, slug) => step(actor, slug, paused),
    promote: (actor, slug, { onlyNext }) =>
      step(actor, slug, (before, { rollout }) => promoted(before, rollout, { onlyNext, now: deps.now() })),
    abort: (actor, slug, { reason }) =>
      step(actor, slug, (before) => aborted(before, reason ?? `aborted by ${actor.id}`)),
  };
}

type Change = Parameters<typeof audited>[2];

/** An analysis may store its verdict between any two looks; a person's word must not lose against it again and again. */
const PUT_TRIES = 5;

/** Stores what follows from the state that is there at that moment; whether it may is judged anew each time. */
async function putDecided(
  { directory, now }: RolloutCommandDeps,
  slug: string,
  { rollout }: DeclaredRollout,
  decision: {
    readonly next: (before: RolloutState | undefined) => RolloutState;
    readonly by: string;
    readonly more: readonly Step[];
  },
): Promise<void> {
  for (let tries = 1; ; tries++) {
    await directory.refresh();
    const after = decision.next(directory.find(slug, rollout)?.state);
    const by = { id: decision.by, now: now(), seen: directory.revision(slug) };
    try {
      return await directory.put(slug, after, by, decision.more);
    } catch (error) {
      const isOutrun = error instanceof QuaysideError && error.code === 'conflict';
      if (!isOutrun || tries === PUT_TRIES) throw error;
    }
  }
}

async function enter({ directory }: RolloutCommandDeps, actor: Actor): Promise<void> {
  if (actor.tenantId !== DEFAULT_TENANT)
    throw new QuaysideError('forbidden', {
      message: 'Rollouts are seen and changed from the tenant default only.',
    });
  await directory.refresh();
}

function demandCanary({ stable, canary, rollout, problem }: DeclaredRollout, allowBreaking: boolean): void {
  if (canary === undefined)
    throw new QuaysideError('conflict', {
      message: `The version ${rollout.canary} is not loaded: ${problem ?? 'no reason is known'}`,
    });
  const breaking = breakingChanges(stable, canary);
  if (breaking.length === 0 || allowBreaking) return;
  throw new QuaysideError('conflict', {
    message: `The version ${rollout.canary} breaks clients of ${rollout.stable}: ${breaking.join('; ')}. Start with --allow-breaking (allow_breaking: true) to do it all the same.`,
    data: { breaking },
  });
}

const MINUTE_MS = 60_000;

function show({ directory }: RolloutCommandDeps, { slug, rollout, problem }: DeclaredRollout): ShownRollout {
  const { stable, canary, stages, analysis, stageMinutes, auto } = rollout;
  const found = directory.find(slug, rollout);
  const state = found?.state;
  const advances = state?.status === 'running' && auto;
  return {
    slug,
    stable,
    canary,
    status: state?.status ?? 'idle',
    weight: state?.weight ?? 0,
    stage: state === undefined ? 0 : state.stage + 1,
    stages,
    failed_analyses: state?.failed ?? 0,
    threshold: analysis.threshold,
    reason: state?.reason ?? null,
    next_stage_at: advances ? iso(state.calmSince + stageMinutes * MINUTE_MS) : null,
    canary_problem: problem ?? null,
    updated_at: found === undefined ? null : iso(found.updatedAt),
    updated_by: found?.updatedBy ?? null,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
