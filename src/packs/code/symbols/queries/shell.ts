/** Definitions of shell scripts. */
export const BASH_QUERY = `
(function_definition name: (word) @name) @function
(program (variable_assignment name: (variable_name) @name) @variable)
(program (declaration_command (variable_assignment name: (variable_name) @name) @variable))
(command name: (command_name) @_alias argument: [(word) (concatenation)] @name (#eq? @_alias "alias")) @function
(command name: (command_name) @_source argument: (_) @source (#any-of? @_source "source" "."))
`;

/** Definitions of style sheets: what is selected, and variables. */
export const CSS_QUERY = `
(class_selector (class_name) @name) @class
(id_selector (id_name) @name) @constant
(keyframes_statement (keyframes_name) @name) @function
(declaration (property_name) @name (#match? @name "^--")) @variable
(import_statement [(string_value) (call_expression)] @source)
`;
