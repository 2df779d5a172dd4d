/** Definitions and imports of PHP. */
export const PHP_QUERY = `
(function_definition name: (name) @name) @function
(class_declaration name: (name) @name) @class
(interface_declaration name: (name) @name) @interface
(trait_declaration name: (name) @name) @interface
(enum_declaration name: (name) @name) @enum
(enum_case name: (name) @name) @constant
(method_declaration name: (name) @name) @method
(property_declaration (property_element name: (variable_name) @name)) @field
(program (expression_statement (assignment_expression left: (variable_name) @name) @variable))
(const_declaration (const_element . (name) @name)) @constant
(namespace_definition name: (namespace_name) @name) @namespace
(namespace_use_clause [(name) (qualified_name)] @source)
(include_expression (string) @source)
(include_once_expression (string) @source)
(require_expression (string) @source)
(require_once_expression (string) @source)
`;
