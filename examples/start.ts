// What `npm start` runs: prepares what the sample definition works with, then serves it like any other.
import { type LocalApi, startLocalApi } from './local-api/local-api.ts';
import './prepare.ts';

const sampleApi = process.env.SAMPLE_API_URL === undefined ? await startSampleApi() : undefined;
if (sampleApi !== undefined) process.env.SAMPLE_API_URL = sampleApi.url;
await import('../src/main.ts');
// A refused start ends here: the sample API must not keep a process alive that serves nothing.
await sampleApi?.close();

/** On its usual port, or on a free one when a second copy of the sample runs. */
async function startSampleApi(): Promise<LocalApi> {
  try {
    return await startLocalApi();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    return startLocalApi({ port: 0 });
  }
}
