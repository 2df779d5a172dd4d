// Operations of an API description in one form, whatever version it is written in (Swagger 2.0, OpenAPI 3.0, 3.1).
import type { Place } from './documents.ts';

export const API_VERSIONS = ['2.0', '3.0', '3.1'] as const;
/** The dialect of the description; 3.2 is read as 3.1, of which it is an extension. */
export type ApiVersion = (typeof API_VERSIONS)[number];

export const PARAMETER_PLACES = ['path', 'query', 'header', 'cookie'] as const;

export interface Parameter {
  readonly name: string;
  readonly in: (typeof PARAMETER_PLACES)[number];
  readonly required: boolean;
  readonly description: string | undefined;
  readonly deprecated: boolean;
  readonly schema: Place;
  readonly style: string;
  readonly explode: boolean;
  /** Media type of a parameter that is a document by itself. */
  readonly mediaType: string | undefined;
  readonly example: unknown;
}

/** One way in which a body can be written. */
export interface BodyContent {
  readonly mediaType: string;
  readonly schema: Place;
  /** Encoding Objects by property. */
  readonly encoding: unknown;
}

export interface Body {
  readonly required: boolean;
  readonly description: string | undefined;
  readonly contents: readonly BodyContent[];
}

export interface Inputs {
  readonly parameters: readonly Parameter[];
  readonly body: Body | undefined;
  /** Parameters that cannot be read at all, in words. */
  readonly problems: readonly string[];
}

export interface Operation {
  /** `METHOD /path`. */
  readonly label: string;
  readonly method: string;
  readonly path: string;
  readonly place: Place;
  readonly id: string | undefined;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  /** Requirements that replace those of the whole description. */
  readonly security: unknown;
  /** Servers of this operation or its path, which replace those of the description. */
  readonly servers: readonly unknown[];
}
