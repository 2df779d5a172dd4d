// The vocabulary in which definitions are described: one source for the static types, the check at load,
// the JSON Schema of editors and the configuration reference. A general schema library was measured at 150 ms
// of every start and gave no positions; what a definition needs of one is these few shapes.

declare const described: unique symbol;

/** What every description carries besides its shape. */
export interface Notes {
  /** One or two sentences for the author of a definition; becomes the reference and the editor's hint. */
  readonly doc: string;
  readonly unit?: 'ms' | 's' | 'bytes' | 'MiB';
  /** Value of an absent key. A key without one and without `optional` must be given. */
  readonly fallback?: unknown;
  /** Where the value of an absent key comes from when it is made of other keys. */
  readonly implied?: string;
  readonly examples?: readonly unknown[];
  /** The key may be absent and then stays absent. */
  readonly optional?: boolean;
  /** Never shown in errors, logs or exports. */
  readonly secret?: boolean;
  /** Refused in definitions of untrusted authors (spec servers §1, rows marked with a dagger). */
  readonly trustedOnly?: boolean;
  /** Strings here may hold `${...}` (spec servers §4.1); `arguments`: also `${args.x}`, rendered per call. */
  readonly substitute?: 'environment' | 'arguments';
  /** This place may name the stores' own variables, such as DATABASE_URL (spec servers §4.2). */
  readonly storeVariables?: boolean;
}

export const FORMATS = ['uri', 'instant', 'cidr', 'size'] as const;
export type Format = (typeof FORMATS)[number];

export interface StringShape extends Notes {
  readonly kind: 'string';
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  readonly format?: Format;
}
export interface NumberShape extends Notes {
  readonly kind: 'integer' | 'number';
  readonly minimum?: number;
  readonly maximum?: number;
}
export interface BooleanShape extends Notes {
  readonly kind: 'boolean';
}
export interface ChoiceShape extends Notes {
  readonly kind: 'choice';
  readonly values: readonly string[];
}
export interface ArrayShape extends Notes {
  readonly kind: 'array';
  readonly items: Shape;
  readonly minItems?: number;
  readonly maxItems?: number;
}
/** An object whose keys are the author's own names. */
export interface RecordShape extends Notes {
  readonly kind: 'record';
  readonly values: Shape;
}
export interface ObjectShape extends Notes {
  readonly kind: 'object';
  readonly members: Readonly<Record<string, Shape>>;
}
/** One of several shapes told apart by the JSON type of the value. */
export interface UnionShape extends Notes {
  readonly kind: 'union';
  readonly options: readonly Shape[];
}
/** One of several objects told apart by their key `type`. */
export interface VariantsShape extends Notes {
  readonly kind: 'variants';
  readonly variants: Readonly<Record<string, ObjectShape>>;
}
/** Any JSON value. */
export interface AnyShape extends Notes {
  readonly kind: 'any';
}
export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | ChoiceShape
  | ArrayShape
  | RecordShape
  | ObjectShape
  | UnionShape
  | VariantsShape
  | AnyShape;

/** A shape together with the static type of its values. */
export type Described<Value> = Shape & { readonly [described]?: Value };

/** The static type of the values that a shape describes. */
export type Static<S> = S extends { readonly [described]?: infer Value } ? Exclude<Value, undefined> : never;

type Options<S extends Shape> = Omit<S, 'kind' | 'doc' | 'optional'>;
type Members = Readonly<Record<string, Described<unknown>>>;
type OptionalKey<M> = { [K in keyof M]: M[K] extends { readonly optional: true } ? K : never }[keyof M];
type Flat<T> = { [K in keyof T]: T[K] };
type ObjectOf<M> = Flat<
  { [K in Exclude<keyof M, OptionalKey<M>>]: Static<M[K]> } & { [K in OptionalKey<M>]?: Static<M[K]> }
>;

export const string = (doc: string, options: Partial<Options<StringShape>> = {}): Described<string> => ({
  kind: 'string',
  doc,
  ...options,
});

export const integer = (doc: string, options: Partial<Options<NumberShape>> = {}): Described<number> => ({
  kind: 'integer',
  doc,
  ...options,
});

export const number = (doc: string, options: Partial<Options<NumberShape>> = {}): Described<number> => ({
  kind: 'number',
  doc,
  ...options,
});

export const boolean = (doc: string, options: Partial<Options<BooleanShape>> = {}): Described<boolean> => ({
  kind: 'boolean',
  doc,
  ...options,
});

export const any = (doc: string, options: Partial<Options<AnyShape>> = {}): Described<unknown> => ({
  kind: 'any',
  doc,
  ...options,
});

/** A string out of `values`. */
export const choice = <const Value extends string>(
  doc: string,
  values: readonly Value[],
  options: Partial<Omit<Options<ChoiceShape>, 'values'>> = {},
): Described<Value> => ({ kind: 'choice', doc, values, ...options });

export const array = <S extends Described<unknown>>(
  doc: string,
  items: S,
  options: Partial<Omit<Options<ArrayShape>, 'items'>> = {},
): Described<Static<S>[]> => ({ kind: 'array', doc, items, ...options });

export const record = <S extends Described<unknown>>(
  doc: string,
  values: S,
  options: Partial<Omit<Options<RecordShape>, 'values'>> = {},
): Described<Record<string, Static<S>>> => ({ kind: 'record', doc, values, ...options });

export const object = <M extends Members>(
  doc: string,
  members: M,
  options: Partial<Omit<Options<ObjectShape>, 'members'>> = {},
): Described<ObjectOf<M>> & ObjectShape => ({ kind: 'object', doc, members, ...options });

export const union = <const S extends readonly Described<unknown>[]>(
  doc: string,
  shapes: S,
  options: Partial<Omit<Options<UnionShape>, 'options'>> = {},
): Described<Static<S[number]>> => ({ kind: 'union', doc, options: shapes, ...options });

/** The static type adds `type` to each variant; the shapes themselves do not repeat it. */
export const variants = <const V extends Readonly<Record<string, Described<unknown> & ObjectShape>>>(
  doc: string,
  byType: V,
): Described<{ [K in keyof V & string]: Flat<{ type: K } & Static<V[K]>> }[keyof V & string]> => ({
  kind: 'variants',
  doc,
  variants: byType,
});

export const optional = <S extends Described<unknown>>(shape: S): S & { readonly optional: true } => ({
  ...shape,
  optional: true,
});

/** Bytes as a number, or as text such as `10mb`; read it with `sizeBytes`. */
export const size = (
  doc: string,
  fallback: string,
  options: { readonly examples?: readonly unknown[] } = {},
): Described<string | number> => ({
  kind: 'union',
  doc,
  unit: 'bytes',
  fallback,
  options: [
    { kind: 'string', doc: 'A number with b, kb, mb or gb (powers of 1024).', format: 'size' },
    { kind: 'integer', doc: 'Bytes.', minimum: 1 },
  ],
  ...options,
});
