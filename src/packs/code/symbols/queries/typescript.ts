// Definitions and imports of JavaScript, TypeScript and TSX.

/** JavaScript and JSX; TypeScript adds to it. */
export const JAVASCRIPT_QUERY = `
(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(class_declaration name: (_) @name) @class
(class name: (_) @name) @class
(method_definition name: (_) @name) @method
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (generator_function)]) @function
(variable_declarator name: (identifier) @name) @variable
(variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @name)) @variable
(variable_declarator name: (object_pattern (pair_pattern value: (identifier) @name))) @variable
(variable_declarator name: (array_pattern (identifier) @name)) @variable
(pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @method
(assignment_expression left: (member_expression property: (property_identifier) @name) right: [(arrow_function) (function_expression)]) @method
(arguments (function_expression name: (identifier) @name) @function)
(import_statement source: (string) @source)
(export_statement source: (string) @source)
(call_expression function: (identifier) @_require arguments: (arguments . (string) @source) (#eq? @_require "require"))
(call_expression function: (import) arguments: (arguments . (string) @source))
(arrow_function) @closure
(function_expression !name) @closure
(generator_function !name) @closure
`;

/** Exports as they were before there was a word for them, in texts with {@link COMMONJS_MARK}. */
export const COMMONJS_QUERY = `
(assignment_expression left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports) right: (function_expression name: (identifier) @name) @function (#eq? @_module "module") (#eq? @_exports "exports"))
(assignment_expression left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports) right: (object (pair key: (property_identifier) @name) @field) (#eq? @_module "module") (#eq? @_exports "exports"))
(assignment_expression left: (member_expression object: (identifier) @_exports property: (property_identifier) @name) @variable (#eq? @_exports "exports"))
`;

/** What `exports` is assigned to, or a member of it; a comment may stand between. */
export const COMMONJS_MARK: RegExp = /\bexports\s*[.=?/]/;

const FIELDS_JAVASCRIPT = `
(field_definition property: (_) @name) @field
`;

/** JavaScript with its fields of classes, which TypeScript names otherwise. */
export const JAVASCRIPT_ONLY_QUERY: string = JAVASCRIPT_QUERY + FIELDS_JAVASCRIPT;

/** What TypeScript has besides. */
export const TYPESCRIPT_QUERY: string = `${JAVASCRIPT_QUERY}
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @enum
(enum_body (property_identifier) @name @constant)
(enum_assignment name: (_) @name) @constant
(internal_module name: (_) @name) @namespace
(module name: (_) @name) @namespace
(function_signature name: (identifier) @name) @function
(abstract_method_signature name: (_) @name) @method
(method_signature name: (_) @name) @method
(public_field_definition name: (_) @name) @field
(property_signature name: (_) @name) @field
(required_parameter (accessibility_modifier) pattern: (identifier) @name) @field
(import_alias (identifier) @name) @variable
`;
