// The rollouts of the process: where they stand, what is counted, who judges it, and what is told of their ends.
import type { Clock } from '../clock.ts';
import type { AuditEvent, AuditLog } from '../gate/audit/audit.ts';
import type { SamplerFor } from '../gate/rollout-stage.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Plan, ServerPlan } from '../plan/server-plan.ts';
import type { RolloutStateOf } from '../plan/versions.ts';
import { type Analyser, createAnalyser } from '../rollout/analyser.ts';
import { createRolloutCommands, type DeclaredRollout } from '../rollout/rollout-commands.ts';
import { openRolloutDirectory, type RolloutDirectory } from '../rollout/rollout-directory.ts';
import { eventOf } from '../rollout/rollout-event.ts';
import { rolloutRoutes } from '../rollout/rollout-routes.ts';
import { aborted, type RolloutState } from '../rollout/rollout-state.ts';
import { createSamples, type Samples } from '../rollout/samples.ts';
import type { Route } from '../route.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ChangeNotice } from '../tool.ts';

/** What was counted is brought to the store, and looked at, this often. */
const LOOK_MS = 1000;
const JOB_KIND = 'rollout_analysis';

export interface AppRollouts {
  readonly stateOf: RolloutStateOf;
  readonly samplerFor: SamplerFor;
  readonly routes: readonly Route[];
  /** Begins to count and to judge, and follows the ends of rollouts. `publish` tells sessions of other lists. */
  start(publish: (slug: string, change: ChangeNotice) => void): void;
  /** Looks whether the plan in force still has the canaries that callers are given; after each reload. */
  checkCanaries(): void;
  close(): Promise<void>;
}

export interface AppRolloutsDeps {
  readonly store: Store;
  readonly telemetry: Telemetry;
  readonly audit: AuditLog;
  readonly jobs: Jobs;
  readonly clock: Clock;
  /** The plan in force; asked only once there is one. */
  readonly plan: () => Plan;
}

/** Rejects when the rollouts cannot be read. */
export async function openRollouts(deps: AppRolloutsDeps): Promise<AppRollouts> {
  const { store, telemetry, audit, jobs, clock, plan } = deps;
  const log = telemetry.log.child({ component: 'rollout' });
  const directory = await openRolloutDirectory(store, (error) =>
    log.error({ error }, 'Rollouts could not be read; what was known holds.'),
  );
  const stateOf: RolloutStateOf = (slug, rollout) => directory.find(slug, rollout)?.state;
  const samples = createSamples({ store, now: clock.now });
  const analyser = createAnalyser({
    store,
    directory,
    now: clock.now,
    rolloutOf: (slug) => plan().servers.get(slug)?.versions?.rollout,
    judged: (slug, before, after) => {
      if (before.status !== after.status || before.stage !== after.stage)
        audit.record(verdictEvent(slug, before, after));
    },
  });
  jobs.register({
    name: JOB_KIND,
    // The next look makes another one, sooner than a repetition would come.
    attemptsMax: 1,
    async run({ payload }) {
      await analyser.analyse(String(payload.slug));
      return undefined;
    },
  });
  telemetry.metrics.instruments.rolloutWeight.source((report) => {
    for (const { slug, state } of declaredStates(plan(), stateOf)) report({ slug }, state?.weight ?? 0);
  });
  const abort = () => void abortLost({ directory, plan, audit, clock, log });
  const stops: (() => void)[] = [];
  return {
    stateOf,
    samplerFor({ slug, definition: { rollout, version } }) {
      if (rollout === undefined || version !== rollout.canary) return undefined;
      return samples.samplerFor(slug, rollout, () => stateOf(slug, rollout)?.status === 'running');
    },
    routes: rolloutRoutes({
      commands: createRolloutCommands({
        directory,
        declared: () => declaredIn(plan()),
        now: clock.now,
        audit,
      }),
      permissions: () => plan().defaultServer.definition.security.permissions,
    }),
    start(publish) {
      stops.push(followEnds({ directory, plan, telemetry, stateOf, publish, abort }));
      stops.push(lookAround({ samples, analyser, jobs, plan, clock, log }));
    },
    checkCanaries() {
      for (const { slug, rollout, problem } of declaredIn(plan()))
        if (problem !== undefined)
          log.warn(
            { slug, canary: rollout.canary, problem },
            'The canary cannot be served; the stable version is.',
          );
      abort();
    },
    async close() {
      for (const stop of stops) stop();
      // The last second of this process counts as well; a store that is away has been reported.
      await samples.flush().catch(() => undefined);
      directory.close();
    },
  };
}

/** What a plan declares, for the commands. */
function declaredIn({ servers }: Plan): DeclaredRollout[] {
  return [...servers.values()].flatMap(({ slug, definition, versions }) =>
    versions === undefined
      ? []
      : [
          {
            slug,
            rollout: versions.rollout,
            stable: definition,
            canary: versions.canary?.definition,
            problem: versions.problem,
          },
        ],
  );
}

function declaredStates({ servers }: Plan, stateOf: RolloutStateOf) {
  return [...servers.values()].flatMap((server) =>
    server.versions === undefined
      ? []
      : [{ slug: server.slug, server, state: stateOf(server.slug, server.versions.rollout) }],
  );
}

/** Every second: what was counted goes to the store, and an interval that has ended becomes a job, once in the cluster. */
function lookAround(deps: {
  readonly samples: Samples;
  readonly analyser: Analyser;
  readonly jobs: Jobs;
  readonly plan: () => Plan;
  readonly clock: Clock;
  readonly log: Telemetry['log'];
}): () => void {
  const { samples, analyser, jobs, plan, clock, log } = deps;
  let cancel = (): void => undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    try {
      await samples.flush();
      for (const { slug, versions } of plan().servers.values())
        if (versions !== undefined && analyser.isDue(slug))
          await jobs.queue.add(DEFAULT_TENANT, { kind: JOB_KIND, payload: { slug }, uniqueKey: slug });
    } catch (error) {
      // At the end of the process the store may be gone while this look is under way.
      if (!isStopped)
        log.error({ error }, 'What was counted of a rollout could not be stored; it is tried again.');
    }
    if (!isStopped) again();
  };
  const again = (): void => {
    cancel = clock.after(LOOK_MS, () => void look());
  };
  again();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** Tells of each end that this process follows, and sessions of lists that are others now. */
function followEnds(deps: {
  readonly directory: RolloutDirectory;
  readonly plan: () => Plan;
  readonly telemetry: Telemetry;
  readonly stateOf: RolloutStateOf;
  readonly publish: (slug: string, change: ChangeNotice) => void;
  readonly abort: () => void;
}): () => void {
  const { directory, plan, telemetry, stateOf, publish } = deps;
  const log = telemetry.log.child({ component: 'rollout' });
  const known = new Map(declaredStates(plan(), stateOf).map(({ slug, state }) => [slug, state]));
  return directory.onChange(() => {
    for (const { slug, server, state } of declaredStates(plan(), stateOf)) {
      const before = known.get(slug);
      known.set(slug, state);
      if (state === undefined || (before?.status === state.status && before.weight === state.weight))
        continue;
      const { status, weight, stable, canary, reason } = state;
      const fields = { slug, status, weight, stable, canary, reason };
      if (status === 'aborted') {
        telemetry.metrics.instruments.rollbacks.cell({ slug }).inc();
        log.warn(
          { event: 'definition.rolled_back', ...fields },
          'A rollout was ended; everybody has the stable version.',
        );
      } else log.notice({ event: 'rollout.changed', ...fields }, 'A rollout has another share.');
      if (differInLists(server)) for (const kind of LISTS) publish(slug, { kind });
    }
    deps.abort();
  });
}

const LISTS = ['tools', 'prompts', 'resources'] as const;

function differInLists({ version, versions }: ServerPlan): boolean {
  return versions?.canary !== undefined && versions.canary.version !== version;
}

/** A canary that cannot be loaded ends its rollout (governance §10.3). */
async function abortLost(deps: {
  readonly directory: RolloutDirectory;
  readonly plan: () => Plan;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Telemetry['log'];
}): Promise<void> {
  const { directory, plan, audit, clock, log } = deps;
  for (const { slug, rollout, canary, problem } of declaredIn(plan())) {
    const stored = directory.find(slug, rollout);
    const before = stored?.state;
    // One that was promoted is what everybody has: a plan without it is never put in force.
    const isUnderWay = before?.status === 'running' || before?.status === 'paused';
    if (canary !== undefined || stored === undefined || !isUnderWay) continue;
    const after = aborted(before, `the canary could not be loaded: ${problem ?? 'no reason is known'}`);
    const by = { id: 'rollout', now: clock.now(), seen: stored.revision };
    try {
      await directory.put(slug, after, by);
      audit.record(verdictEvent(slug, before, after));
    } catch (error) {
      // Another process ended it first, or the store is away: then nobody gets the canary here all the same.
      log.warn({ slug, error }, 'The end of a rollout could not be stored.');
    }
  }
}

function verdictEvent(slug: string, before: RolloutState, after: RolloutState): AuditEvent {
  return {
    ...eventOf(before, after),
    result: after.status === 'aborted' ? 'warning' : 'success',
    tenantId: DEFAULT_TENANT,
    userId: 'rollout',
    resourceType: 'rollout',
    resourceId: slug,
    changes: { before, after },
  };
}
