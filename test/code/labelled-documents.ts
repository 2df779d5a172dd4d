// Documents, data, builds and queries that are read by patterns; see labelled-outlines.ts.
import type { Marked } from './marked.ts';

export const DOCUMENTS: readonly Marked[] = [
  [
    'markdown',
    'readme.md',
    `# Shop «heading Shop»
Text with # no heading.
## Prices «heading Prices»
\`\`\`sh
# a comment of the shell
\`\`\`
### Taxes and \`rates\` ### «heading Taxes and \`rates\`»
Delivery «heading Delivery»
========
- a list
---
Returns «heading Returns»
-------
`,
  ],
  [
    'rst',
    'readme.rst',
    `Shop «heading Shop»
====
.. _prices: «target prices»

Prices «heading Prices»
------
Text.

Taxes «heading Taxes»
~~~~~
.. include:: other.rst
`,
  ],
  [
    'html',
    'index.html',
    `<!doctype html>
<html><head><title>The shop</title> «heading The shop»
<!-- <h1>commented</h1> -->
<script src="app.js"></script></head>
<body>
<h1 class="big">Shop</h1> «heading Shop»
<div id="cart"> «key cart»
  <h2><b>Prices</b></h2> «heading Prices»
  <input name="amount"> «key amount»
</div>
</body></html>
`,
  ],
  [
    'latex',
    'paper.tex',
    `\\documentclass{article}
\\newcommand{\\shop}{Shop} «macro shop»
\\section{Prices}\\label{sec:prices} «heading Prices» «target sec:prices»
% \\section{Commented}
\\subsection*{Taxes} «heading Taxes»
\\newenvironment{note}{}{} «macro note»
\\section[Short]{Delivery} «heading Delivery»
`,
  ],
  [
    'xml',
    'shop.xml',
    `<shop>
  <!-- <line id="commented"/> -->
  <line id="apple" price="3"/> «key apple»
  <cart name="first"> «key first»
    <line xml:id="pear"/> «key pear»
  </cart>
</shop>
`,
  ],
  [
    'json',
    'shop.json',
    `{
  "name": "shop", «key name»
  "prices": { «key prices»
    "apple": 3, «key apple»
    "pear \\"x\\"": 4 «key pear \\"x\\"»
  },
  "list": [1, 2] «key list»
}
`,
  ],
  [
    'yaml',
    'shop.yaml',
    `name: shop «key name»
# commented: 1
prices: «key prices»
  apple: 3 «key apple»
  "pear": 4 «key pear»
lines: «key lines»
  - name: one «key name»
    count: 2 «key count»
url: http://example.com/a:b «key url»
`,
  ],
  [
    'toml',
    'shop.toml',
    `name = "shop" «key name»
# commented = 1
[prices] «namespace prices»
apple = 3 «key apple»
"pear" = 4 «key pear»
[[lines]] «namespace lines»
count = 2 «key count»
[tool.shop] «namespace tool.shop»
`,
  ],
  [
    'scss',
    'shop.scss',
    `@use "colours";
$gap: 4px; «variable $gap»
// .commented { }
@mixin boxed($size) { «macro boxed»
  padding: $size;
}
@function double($x) { «function double»
  @return $x * 2;
}
.cart { «class .cart»
  color: #fff;
  .line { «class .line»
    margin: $gap;
  }
}
%shared { «class %shared»
  top: 0;
}
#total { «class #total»
  top: 1px;
}
`,
  ],
  [
    'dockerfile',
    'Dockerfile',
    `ARG VERSION=24 «variable VERSION»
FROM node:24 AS build «target build»
ENV HOME=/app «variable HOME»
RUN npm ci
FROM scratch as final «target final»
`,
  ],
  [
    'make',
    'Makefile',
    `CC := gcc «variable CC»
FLAGS ?= -O2 «variable FLAGS»
export PATH = /bin «variable PATH»
include rules.mk
all: cart.o line.o «target all»
	$(CC) -o cart: $^
# commented: all
define banner «macro banner»
text
endef
.PHONY: clean «target .PHONY»
clean: «target clean»
	rm -f cart
`,
  ],
  [
    'cmake',
    'CMakeLists.txt',
    `project(Shop CXX) «namespace Shop»
# set(COMMENTED 1)
set(LIMIT 10) «variable LIMIT»
option(WITH_TAX "Taxes" ON) «variable WITH_TAX»
function(add_line name) «function add_line»
endfunction()
macro(twice what) «macro twice»
endmacro()
add_library(cart STATIC cart.cpp) «target cart»
add_executable(shop main.cpp) «target shop»
`,
  ],
  [
    'sql',
    'shop.sql',
    `-- CREATE TABLE commented (id int);
CREATE TABLE IF NOT EXISTS shop.lines ( «struct lines»
  id integer PRIMARY KEY,
  note text DEFAULT 'CREATE TABLE hidden'
);
create unique index lines_by_id on shop.lines (id); «constant lines_by_id»
CREATE OR REPLACE VIEW "totals" AS SELECT 1; «struct totals»
CREATE FUNCTION total(cart integer) RETURNS integer AS $$ SELECT 1 $$ LANGUAGE sql; «function total»
CREATE TYPE state AS ENUM ('open'); «type state»
CREATE TRIGGER changed AFTER INSERT ON lines EXECUTE FUNCTION total(); «function changed»
`,
  ],
  [
    'graphql',
    'shop.graphql',
    `"""
type Hidden { id: ID }
"""
type Cart implements Priced { «class Cart»
  lines(first: Int): [Line!]! «field lines»
  total: Int «field total»
}
interface Priced { «interface Priced»
  total: Int «field total»
}
enum State { «enum State»
  OPEN
}
input NewLine { «class NewLine»
  price: Int! «field price»
}
union Thing = Cart | Line «type Thing»
scalar Money «type Money»
directive @taxed on FIELD «macro taxed»
query Totals { «function Totals»
  cart { total }
}
`,
  ],
  [
    'csv',
    'shop.csv',
    'name,"price",count of lines «field name» «field price» «field count of lines»\napple,3,2\n',
  ],
  ['regex', 'shop.regex', '(?<year>\\d{4})-(?P<month>\\d\\d) «field year» «field month»\n'],
  ['plaintext', 'notes.txt', 'Shop notes «heading Shop notes»\n==========\nplain text: nothing else\n'],
];
