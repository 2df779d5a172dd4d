// What one call tells its peers of its trace, and the spans below its own. A call that speaks to nobody pays for none of
// it: ids are made with the first span.
import { performance } from 'node:perf_hooks';
import type { CallerContext, CallTrace, TraceContext, TraceSpan } from '../../call-trace.ts';
import type { FinishedSpan } from './span.ts';
import { createSpanId, formatTraceparent, parseTraceparent, parseTracestate } from './trace-context.ts';
import type { PlacedSpan, SelectedSpan, Traces } from './traces.ts';

export interface CallTraceDeps {
  readonly traces: Pick<Traces, 'place' | 'add' | 'isExporting'>;
  /** Takes secrets out of a text. */
  readonly clean: (text: string) => string;
}

/** Spans below one call that wait for its end; several times what the rounds of one call at an upstream can be. */
const CHILDREN_MAX = 64;

/** Undefined where nothing is exported and the caller named no trace that could be passed on. */
export function beginCallTrace(caller: CallerContext, deps: CallTraceDeps): CallTrace | undefined {
  if (deps.traces.isExporting) return new LiveCallTrace(caller, deps);
  const context = contextOf(caller);
  return context === undefined ? undefined : { begin: () => ({ context, end: () => undefined }) };
}

/**
 * Without spans of our own the caller's context goes on as it came (W3C Trace Context §3.4: a participant that does not
 * take part), so that what comes behind us still joins it.
 */
function contextOf(caller: CallerContext): TraceContext | undefined {
  const parent = parseTraceparent(caller.traceparent);
  return parent === undefined ? undefined : { traceparent: formatTraceparent(parent), ...stateOf(caller) };
}

function stateOf({ tracestate }: CallerContext): Pick<TraceContext, 'tracestate'> {
  const parsed = parseTracestate(tracestate);
  return parsed === undefined ? {} : { tracestate: parsed };
}

/** How a call ended that had a place in a trace; `selected` is undefined where nothing of it is exported. */
interface Ended {
  readonly selected: SelectedSpan | undefined;
}

/** The trace of a call that may be exported. */
export class LiveCallTrace implements CallTrace {
  readonly #caller: CallerContext;
  readonly #deps: CallTraceDeps;
  #place: PlacedSpan | undefined;
  #waiting: FinishedSpan[] = [];
  #ended: Ended | undefined;

  constructor(caller: CallerContext, deps: CallTraceDeps) {
    this.#caller = caller;
    this.#deps = deps;
  }

  begin({ name, kind, attributes }: Parameters<CallTrace['begin']>[0]): TraceSpan {
    this.#place ??= this.#deps.traces.place(this.#caller.traceparent);
    const place = this.#place;
    if (place === undefined) return UNTRACED;
    const { traceId, sampled } = place;
    const spanId = createSpanId();
    const state = place.parentSpanId === undefined ? {} : stateOf(this.#caller);
    const startedAt = performance.timeOrigin + performance.now();
    return {
      context: { traceparent: formatTraceparent({ traceId, spanId, sampled }), ...state },
      end: ({ attributes: more = {}, errorMessage } = {}) => {
        this.#add({
          ...{ name, kind, traceId, spanId, parentSpanId: place.spanId, ...state, links: [] },
          startedAt,
          endedAt: performance.timeOrigin + performance.now(),
          attributes: { ...attributes, ...more },
          ...(errorMessage === undefined ? {} : { errorMessage }),
        });
      },
    };
  }

  /** `due`: it is exported whatever was decided when it began. Undefined where no peer was told of it. */
  end(due: boolean): Ended | undefined {
    const place = this.#place;
    if (place === undefined) {
      // What begins from now on belongs to a call that is over, and would have no parent.
      this.#ended = { selected: undefined };
      return undefined;
    }
    const { sampled, ...selected } = place;
    this.#ended = { selected: due || sampled ? selected : undefined };
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#ended.selected !== undefined) for (const span of waiting) this.#export(span);
    return this.#ended;
  }

  /** What ends after its call, such as a request that a deadline has ended, is exported as its call was. */
  #add(span: FinishedSpan): void {
    if (this.#ended === undefined) {
      if (this.#waiting.length < CHILDREN_MAX) this.#waiting.push(span);
    } else if (this.#ended.selected !== undefined) {
      this.#export(span);
    }
  }

  #export(span: FinishedSpan): void {
    const { traces, clean } = this.#deps;
    const attributes = Object.entries(span.attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? clean(value) : value,
    ]);
    const { errorMessage } = span;
    traces.add({
      ...span,
      attributes: Object.fromEntries(attributes),
      ...(errorMessage === undefined ? {} : { errorMessage: clean(errorMessage) }),
    });
  }
}

const UNTRACED: TraceSpan = { context: undefined, end: () => undefined };
