/** Definitions and imports of Rust. */
export const RUST_QUERY = `
(function_item name: (identifier) @name) @function
(function_signature_item name: (identifier) @name) @function
(struct_item name: (type_identifier) @name) @struct
(union_item name: (type_identifier) @name) @struct
(enum_item name: (type_identifier) @name) @enum
(enum_variant name: (identifier) @name) @constant
(trait_item name: (type_identifier) @name) @interface
(type_item name: (type_identifier) @name) @type
(associated_type name: (type_identifier) @name) @type
(const_item name: (identifier) @name) @constant
(static_item name: (identifier) @name) @variable
(field_declaration name: (field_identifier) @name) @field
(mod_item name: (identifier) @name) @namespace
(macro_definition name: (identifier) @name) @macro
(impl_item type: (_) @name) @implementation
(use_declaration argument: (_) @source)
(mod_item name: (identifier) @source !body)
(extern_crate_declaration name: (identifier) @source)
`;
