// docs/configuration.md: every key of a definition and every environment variable.

import { defaultOf } from '../../src/definition/default-value.ts';
import { documentedVariables } from '../../src/definition/environment.ts';
import { withoutEffect } from '../../src/definition/environment-names.ts';
import { notYet } from '../../src/definition/not-yet.ts';
import { rules } from '../../src/definition/problem.ts';
import { Prompt, Resource, ResourceTemplate } from '../../src/definition/schema/content.ts';
import { Caching, Database, Definition, Model, Performance } from '../../src/definition/schema/definition.ts';
import { Handler } from '../../src/definition/schema/handler.ts';
import {
  ApiKey,
  Audit,
  Authentication,
  Permissions,
  RateLimit,
  Security,
  WindowLimit,
} from '../../src/definition/schema/security.ts';
import { Tool } from '../../src/definition/schema/tool.ts';
import { Upstream } from '../../src/definition/schema/upstream.ts';
import type { ObjectShape, Shape } from '../../src/definition/schema/vocabulary.ts';
import { guide } from './configuration-guide.ts';

interface Section {
  readonly title: string;
  readonly shape: ObjectShape;
}

const sections: readonly Section[] = [
  { title: 'Definition', shape: Definition },
  { title: 'Tool', shape: Tool },
  ...(Handler.kind === 'variants' ? Object.entries(Handler.variants) : []).map(([type, shape]) => ({
    title: `Handler \`${type}\``,
    shape,
  })),
  { title: 'Prompt', shape: Prompt },
  { title: 'Resource', shape: Resource },
  { title: 'Resource template', shape: ResourceTemplate },
  { title: 'Database', shape: Database },
  { title: 'Model', shape: Model },
  { title: 'Upstream', shape: Upstream },
  { title: 'Security', shape: Security },
  { title: 'Authentication', shape: Authentication },
  { title: 'API key', shape: ApiKey },
  { title: 'Permissions', shape: Permissions },
  { title: 'Rate limit', shape: RateLimit },
  { title: 'Window', shape: WindowLimit },
  { title: 'Audit', shape: Audit },
  { title: 'Caching', shape: Caching },
  { title: 'Performance', shape: Performance },
];

/** The page's whole text. */
export function renderConfigurationPage(): string {
  const parts = [guide, ...sections.map(renderSection), renderEnvironment(), renderNotYet(), renderRules()];
  return `${parts.join('\n\n')}\n`;
}

function renderSection({ title, shape }: Section): string {
  const rows = renderMembers(shape, '');
  return `## ${title}\n\n${shape.doc}\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}`;
}

/** Objects without a section of their own are shown with dotted keys. */
function renderMembers(shape: ObjectShape, prefix: string): string[] {
  return Object.entries(shape.members).flatMap(([key, member]) => {
    const row = renderRow(prefix + key, member);
    const inner = innerObject(member);
    if (inner === undefined) return [row];
    const step = member.kind === 'array' ? '[].' : member.kind === 'record' ? '.<name>.' : '.';
    return [row, ...renderMembers(inner, `${prefix}${key}${step}`)];
  });
}

function innerObject(shape: Shape): ObjectShape | undefined {
  const inner = shape.kind === 'array' ? shape.items : shape.kind === 'record' ? shape.values : shape;
  return inner.kind === 'object' && sectionOf(inner) === undefined ? inner : undefined;
}

function renderRow(key: string, shape: Shape): string {
  const fallback = shape.optional === true ? undefined : defaultOf(shape);
  const isImplied = shape.kind === 'object' && shape.fallback === undefined;
  const shown = shape.implied ?? (fallback === undefined ? absent(shape) : isImplied ? '–' : code(fallback));
  const marks = [
    shape.substitute === undefined
      ? ''
      : shape.substitute === 'arguments'
        ? ' Takes `${NAME}` and `${args.x}`.'
        : ' Takes `${NAME}`.',
    shape.trustedOnly === true ? ' Trusted files only.' : '',
    shape.examples?.[0] === undefined ? '' : ` Example: ${code(shape.examples[0])}.`,
  ];
  return `| \`${key}\` | ${typeOf(shape)} | ${shown} | ${cell(shape.doc + marks.join(''))} |`;
}

function absent(shape: Shape): string {
  return shape.optional === true ? '–' : 'required';
}

function typeOf(shape: Shape): string {
  const unit = shape.unit === undefined ? '' : ` (${shape.unit})`;
  switch (shape.kind) {
    case 'integer':
    case 'number': {
      const { minimum, maximum } = shape;
      const range =
        minimum === undefined ? '' : maximum === undefined ? ` ≥ ${minimum}` : ` ${minimum}–${maximum}`;
      return `${shape.kind}${range}${unit}`;
    }
    case 'choice':
      return shape.values.map((value) => `\`${value}\``).join(' ');
    case 'array':
      return `list of ${typeOf(shape.items)}`;
    case 'record':
      return `map of ${typeOf(shape.values)}`;
    case 'object': {
      const title = sectionOf(shape);
      return title === undefined ? 'object' : `[${title}](#${anchor(title)})`;
    }
    case 'variants':
      return 'handler text or object';
    case 'union':
      return shape.unit === 'bytes' ? 'size' : shape.options.map(typeOf).join(' or ');
    default:
      return `${shape.kind}${unit}`;
  }
}

function sectionOf(shape: ObjectShape): string | undefined {
  return sections.find((section) => section.shape.members === shape.members)?.title;
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

function renderEnvironment(): string {
  const rows = documentedVariables.map(({ name, aliases, doc, fallback, example }) => {
    const names = [name, ...aliases].map((one) => `\`${one}\``).join(', ');
    const shown = fallback !== undefined ? `\`${fallback}\`` : '–';
    return `| ${names} | ${shown} | ${cell(doc)}${example === undefined ? '' : ` Example: \`${example}\`.`} |`;
  });
  const ignored = withoutEffect.map(({ names, message }) => `| ${cell(names)} | ${cell(message)} |`);
  return `## Environment variables

A flag of the command wins over the environment, the environment over the definition. All variables are read once, at
start; every mistake is reported at once and ends the start with exit code 78. An empty value counts as unset.

| Name | Default | Meaning |
|---|---|---|
${rows.join('\n')}

### Names without an effect in this version

They are named at start when they are set.

| Name | What to know |
|---|---|
${ignored.join('\n')}`;
}

function renderNotYet(): string {
  const effects = { additive: 'warning', omits: 'warning; the entry is left out', protective: 'start error' };
  const rows = notYet.map(
    ({ path, effect, what }) =>
      `| \`${path.slice(1).replaceAll('/', '.')}\` | ${what} not yet in this version. | ${effects[effect]} |`,
  );
  return `## Not yet in this version

\`quayside validate\` reports all of these as warnings.

| Key | What | When served |
|---|---|---|
${rows.join('\n')}`;
}

function renderRules(): string {
  const rows = Object.entries(rules).map(([rule, text]) => `| \`${rule}\` | ${cell(text)} |`);
  return `## Rules\n\nEvery problem names its rule, its place and a fix.\n\n| Rule | Demand |\n|---|---|\n${rows.join('\n')}`;
}

function code(value: unknown): string {
  return `\`${cell(JSON.stringify(value))}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
