/** Definitions and imports of Ruby. */
export const RUBY_QUERY = `
(method name: (_) @name) @method
(singleton_method name: (_) @name) @method
(class name: (_) @name) @class
(module name: (_) @name) @namespace
(alias name: (_) @name) @method
(assignment left: (constant) @name) @constant
(call method: (identifier) @_attribute arguments: (argument_list (simple_symbol) @name @field)
  (#any-of? @_attribute "attr_accessor" "attr_reader" "attr_writer"))
(call method: (identifier) @_require arguments: (argument_list . (string) @source)
  (#any-of? @_require "require" "require_relative" "load"))
`;
