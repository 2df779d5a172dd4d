// The files of this repository that are made from its sources. Never edited by hand; a test compares them.

import { renderConfigurationPage } from './configuration-page.ts';
import { renderDefinitionSchema } from './definition-schema.ts';
import { renderEnvExample } from './env-example.ts';
import { renderErrorsPage } from './errors-page.ts';
import { renderKernelCode } from './kernel-code.ts';
import { renderRolesPage } from './roles-page.ts';
import { renderSqliteSchema } from './store-schema.ts';

/** One generated file: where it lies from the repository's root, and its whole text. */
export interface GeneratedFile {
  readonly path: string;
  render(): string | Promise<string>;
}

/** Every generated file. A new one is a line here and a module beside this one. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/errors.md', render: renderErrorsPage },
  { path: 'docs/configuration.md', render: renderConfigurationPage },
  { path: 'docs/roles.md', render: renderRolesPage },
  { path: 'schema/quayside.schema.json', render: renderDefinitionSchema },
  { path: '.env.example', render: renderEnvExample },
  {
    path: 'src/packs/code/index/search/line-kernel-code.ts',
    render: () => renderKernelCode('src/packs/code/index/search/line-kernel.wat', 'lineKernelCode'),
  },
  {
    path: 'src/packs/code/index/segment/trigram-kernel-code.ts',
    render: () => renderKernelCode('src/packs/code/index/segment/trigram-kernel.wat', 'trigramKernelCode'),
  },
  { path: 'src/store/schema.sqlite.sql', render: renderSqliteSchema },
];
