// Preloaded into the process that takes over from `npm start`.
import { endWithNpm } from './orphan.mjs';

endWithNpm();
