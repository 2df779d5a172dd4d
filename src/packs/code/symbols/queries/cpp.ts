/** Definitions and imports of C++, and of C, which its grammar reads too. */
export const CPP_QUERY = `
(function_definition declarator: (_) @declarator) @function
(class_specifier name: (_) @name body: (_)) @class
(struct_specifier name: (_) @name body: (_)) @struct
(union_specifier name: (_) @name body: (_)) @struct
(enum_specifier name: (_) @name body: (_)) @enum
(enumerator name: (identifier) @name) @constant
(namespace_definition name: (_) @name) @namespace
(type_definition declarator: (_) @declarator) @type
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @type
(field_declaration declarator: (_) @declarator) @field
(translation_unit (declaration declarator: (_) @declarator) @variable)
(declaration_list (declaration declarator: (_) @declarator) @variable)
(preproc_ifdef (declaration declarator: (_) @declarator) @variable)
(preproc_if (declaration declarator: (_) @declarator) @variable)
(linkage_specification (declaration declarator: (_) @declarator) @variable)
(template_declaration (declaration declarator: (_) @declarator) @variable)
(field_declaration_list (declaration declarator: (_) @declarator) @field)
(preproc_def name: (identifier) @name) @macro
(preproc_function_def name: (identifier) @name) @macro
(preproc_include path: (_) @source)
`;
