// The worker thread of inline code: one isolate, and the images of the handlers that were prepared in it.
import { workerData } from 'node:worker_threads';
import { LRUCache } from 'lru-cache';
import type { CodeTarget, HandlerTarget } from '../workers/handler-target.ts';
import { servePool } from '../workers/worker-side.ts';
import type { EngineCode } from './engine-code.ts';
import { toAnswer } from './guest-return.ts';
import { Isolate } from './isolate.ts';
import type { MemoryImage } from './memory-image.ts';

/** Bytes of all images of one worker; one of a usual handler takes 20 to 60 KB. */
const IMAGES_MAX = 64 * 1024 * 1024;
/** What an image counts besides its pages: a handler that changes none still takes a place. */
const IMAGE_OVERHEAD = 1024;

const { memoryMb, code: engineCode } = parseWorkerData(workerData);

interface Prepared {
  readonly isolate: Isolate;
  /** By code. */
  readonly images: LRUCache<string, MemoryImage>;
}

let prepared: Prepared | undefined;

servePool(() => ({
  async load(target) {
    imageFor(parseCodeTarget(target), await usable());
    return { files: [] };
  },
  async run({ target, input, channel }) {
    const code = parseCodeTarget(target);
    const ready = await usable();
    const returned = await ready.isolate.run(imageFor(code, ready), input, channel);
    return toAnswer(returned, code);
  },
}));

async function usable(): Promise<Prepared> {
  if (prepared?.isolate.isUsable !== true) {
    prepared = {
      isolate: await Isolate.create(memoryMb, engineCode),
      images: new LRUCache({
        maxSize: IMAGES_MAX,
        sizeCalculation: ({ pages }) => pages.byteLength + IMAGE_OVERHEAD,
      }),
    };
  }
  return prepared;
}

function imageFor({ code }: CodeTarget, { isolate, images }: Prepared): MemoryImage {
  let image = images.get(code);
  if (image === undefined) {
    image = isolate.prepare(code);
    images.set(code, image);
  }
  return image;
}

/** Written by the pool. */
function parseWorkerData(data: { readonly memoryMb: number; readonly code: EngineCode }): typeof data {
  return data;
}

function parseCodeTarget(target: HandlerTarget): CodeTarget {
  if (target.kind !== 'code') throw new Error('modules do not run beside code of definitions');
  return target;
}
