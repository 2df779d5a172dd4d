// Sources in every parsed language with definitions, uses and imports at known places.
import type { Tree } from './code-server.ts';

/** What is planted of one language. */
export interface Planted {
  readonly language: string;
  readonly files: Tree;
  /** Name, kind and place of definitions. */
  readonly symbols: readonly (readonly [name: string, kind: string, path: string, line: number])[];
  /** Uses of one of them: line and type in a file. */
  readonly uses: {
    readonly name: string;
    readonly at: readonly (readonly [path: string, line: number, type: string])[];
  };
  /** A file and the file that it imports. */
  readonly imports: readonly [from: string, to: string];
}

export const PLANTED: readonly Planted[] = [
  {
    language: 'typescript',
    files: {
      'ts/cart.ts': `// Sums up a TsCart.
export interface TsLine { price: number }
export class TsCart {
  private lines: TsLine[] = [];
  tsTotal(): number {
    const inner = 'tsRound in a text';
    return this.lines.reduce((sum, line) => sum + tsRound(line.price), 0);
  }
}
export const tsRound = (value: number) => Math.round(value);
export type TsMoney = number;
export enum TsKind { TsSmall, TsLarge }
const TS_LIMIT = 3;
`,
      'ts/use.ts': `import { TsCart, tsRound } from './cart.ts';
// tsRound in a comment
class TsShop extends TsCart {}
const cart: TsCart = new TsCart();
console.log(tsRound(1), cart.tsTotal(), tsRound);
`,
    },
    symbols: [
      ['TsLine', 'interface', 'ts/cart.ts', 2],
      ['TsCart', 'class', 'ts/cart.ts', 3],
      ['tsTotal', 'method', 'ts/cart.ts', 5],
      ['tsRound', 'function', 'ts/cart.ts', 10],
      ['TsMoney', 'type', 'ts/cart.ts', 11],
      ['TsKind', 'enum', 'ts/cart.ts', 12],
      ['TsSmall', 'constant', 'ts/cart.ts', 12],
      ['TS_LIMIT', 'variable', 'ts/cart.ts', 13],
      ['TsShop', 'class', 'ts/use.ts', 3],
    ],
    uses: {
      name: 'tsRound',
      at: [
        ['ts/cart.ts', 7, 'call'],
        ['ts/use.ts', 1, 'import'],
        ['ts/use.ts', 5, 'call'],
        ['ts/use.ts', 5, 'usage'],
      ],
    },
    imports: ['ts/use.ts', 'ts/cart.ts'],
  },
  {
    language: 'javascript',
    files: {
      'js/lib.mjs': `export function jsParse(text) { return text; }
export class JsReader { #secret = 1; jsRead() { return jsParse(''); } }
`,
      'js/main.mjs': `import { jsParse } from './lib.mjs';
jsParse('x');
`,
    },
    symbols: [
      ['jsParse', 'function', 'js/lib.mjs', 1],
      ['JsReader', 'class', 'js/lib.mjs', 2],
      ['jsRead', 'method', 'js/lib.mjs', 2],
    ],
    uses: {
      name: 'jsParse',
      at: [
        ['js/lib.mjs', 2, 'call'],
        ['js/main.mjs', 1, 'import'],
        ['js/main.mjs', 2, 'call'],
      ],
    },
    imports: ['js/main.mjs', 'js/lib.mjs'],
  },
  {
    language: 'python',
    files: {
      'py/shop/cart.py': `"""A cart."""
PY_LIMIT = 10


class PyCart:
    def py_total(self):
        """Adds up."""
        self.py_seen = True
        return py_round(1)


def py_round(value):
    # py_round in a comment
    return "py_round"
`,
      'py/shop/use.py': `from .cart import PyCart, py_round


class PyShop(PyCart):
    pass


async def py_main(cart: PyCart):
    return py_round(cart.py_total())
`,
    },
    symbols: [
      ['PY_LIMIT', 'variable', 'py/shop/cart.py', 2],
      ['PyCart', 'class', 'py/shop/cart.py', 5],
      ['py_total', 'method', 'py/shop/cart.py', 6],
      ['py_seen', 'field', 'py/shop/cart.py', 8],
      ['py_round', 'function', 'py/shop/cart.py', 12],
      ['PyShop', 'class', 'py/shop/use.py', 4],
      ['py_main', 'function', 'py/shop/use.py', 8],
    ],
    uses: {
      name: 'PyCart',
      at: [
        ['py/shop/use.py', 1, 'import'],
        ['py/shop/use.py', 4, 'inheritance'],
        ['py/shop/use.py', 8, 'type_use'],
      ],
    },
    imports: ['py/shop/use.py', 'py/shop/cart.py'],
  },
  {
    language: 'go',
    files: {
      'gosrc/cart/cart.go': `package cart

const GoLimit = 3

type GoCart struct {
	GoLines []int
}

type GoSource interface {
	GoNext() int
}

func (c *GoCart) GoTotal() int { return goRound(1) }

func goRound(value int) int { return value }
`,
      'gosrc/main/main.go': `package main

import "example.com/shop/gosrc/cart"

func main() { _ = cart.GoCart{} }
`,
    },
    symbols: [
      ['GoLimit', 'constant', 'gosrc/cart/cart.go', 3],
      ['GoCart', 'struct', 'gosrc/cart/cart.go', 5],
      ['GoLines', 'field', 'gosrc/cart/cart.go', 6],
      ['GoSource', 'interface', 'gosrc/cart/cart.go', 9],
      ['GoTotal', 'method', 'gosrc/cart/cart.go', 13],
      ['goRound', 'function', 'gosrc/cart/cart.go', 15],
    ],
    uses: { name: 'goRound', at: [['gosrc/cart/cart.go', 13, 'call']] },
    imports: ['gosrc/main/main.go', 'gosrc/cart/cart.go'],
  },
  {
    language: 'java',
    files: {
      'java/com/shop/JavaCart.java': `package com.shop;

public class JavaCart {
  private int javaCount = 0;
  public int javaTotal() { return javaRound(javaCount); }
  static int javaRound(int value) { return value; }
}
`,
      'java/com/shop/use/JavaShop.java': `package com.shop.use;

import com.shop.JavaCart;

class JavaShop extends JavaCart {
  enum JavaKind { JAVA_SMALL }
  int run() { return new JavaCart().javaTotal(); }
}
`,
    },
    symbols: [
      ['JavaCart', 'class', 'java/com/shop/JavaCart.java', 3],
      ['javaCount', 'field', 'java/com/shop/JavaCart.java', 4],
      ['javaTotal', 'method', 'java/com/shop/JavaCart.java', 5],
      ['JavaShop', 'class', 'java/com/shop/use/JavaShop.java', 5],
      ['JavaKind', 'enum', 'java/com/shop/use/JavaShop.java', 6],
      ['JAVA_SMALL', 'constant', 'java/com/shop/use/JavaShop.java', 6],
    ],
    uses: {
      name: 'JavaCart',
      at: [
        ['java/com/shop/use/JavaShop.java', 3, 'import'],
        ['java/com/shop/use/JavaShop.java', 5, 'inheritance'],
        ['java/com/shop/use/JavaShop.java', 7, 'call'],
      ],
    },
    imports: ['java/com/shop/use/JavaShop.java', 'java/com/shop/JavaCart.java'],
  },
  {
    language: 'rust',
    files: {
      'rust/src/cart.rs': `pub const RUST_LIMIT: u8 = 3;
pub struct RustCart { pub rust_lines: Vec<u8> }
pub trait RustSource { fn rust_next(&self) -> u8; }
impl RustSource for RustCart {
    fn rust_next(&self) -> u8 { rust_round(1) }
}
fn rust_round(value: u8) -> u8 { value }
pub enum RustKind { RustSmall }
macro_rules! rust_macro { () => {} }
`,
      'rust/src/main.rs': `mod cart;
use crate::cart::RustCart;
fn main() { let _cart: RustCart; }
`,
    },
    symbols: [
      ['RUST_LIMIT', 'constant', 'rust/src/cart.rs', 1],
      ['RustCart', 'struct', 'rust/src/cart.rs', 2],
      ['rust_lines', 'field', 'rust/src/cart.rs', 2],
      ['RustSource', 'interface', 'rust/src/cart.rs', 3],
      ['rust_round', 'function', 'rust/src/cart.rs', 7],
      ['RustKind', 'enum', 'rust/src/cart.rs', 8],
      ['RustSmall', 'constant', 'rust/src/cart.rs', 8],
      ['rust_macro', 'macro', 'rust/src/cart.rs', 9],
    ],
    uses: {
      name: 'RustCart',
      at: [
        ['rust/src/cart.rs', 4, 'type_use'],
        ['rust/src/main.rs', 2, 'import'],
        ['rust/src/main.rs', 3, 'type_use'],
      ],
    },
    imports: ['rust/src/main.rs', 'rust/src/cart.rs'],
  },
  {
    language: 'c',
    files: {
      'c/cart.h': `#define C_LIMIT 3
struct c_cart { int c_count; };
int c_total(struct c_cart *cart);
`,
      'c/cart.c': `#include "cart.h"
typedef unsigned int c_money;
static int c_round(int value) { return value; }
int c_total(struct c_cart *cart) { return c_round(cart->c_count); }
`,
    },
    symbols: [
      ['C_LIMIT', 'macro', 'c/cart.h', 1],
      ['c_cart', 'struct', 'c/cart.h', 2],
      ['c_count', 'field', 'c/cart.h', 2],
      ['c_money', 'type', 'c/cart.c', 2],
      ['c_round', 'function', 'c/cart.c', 3],
      ['c_total', 'function', 'c/cart.c', 4],
    ],
    uses: { name: 'c_round', at: [['c/cart.c', 4, 'call']] },
    imports: ['c/cart.c', 'c/cart.h'],
  },
  {
    language: 'cpp',
    files: {
      'cpp/cart.hpp': `namespace shop {
template <typename T> class CppCart {
 public:
  int cppTotal() const { return cppRound(1); }
  static int cppRound(int value);
};
enum class CppKind { CppSmall };
}
`,
      'cpp/cart.cpp': `#include "cart.hpp"
namespace shop {
class CppShop : public CppCart<int> {};
int cppMain() { return 1; }
}
`,
    },
    symbols: [
      ['CppCart', 'class', 'cpp/cart.hpp', 2],
      ['cppTotal', 'method', 'cpp/cart.hpp', 4],
      ['cppRound', 'method', 'cpp/cart.hpp', 5],
      ['CppKind', 'enum', 'cpp/cart.hpp', 7],
      ['CppSmall', 'constant', 'cpp/cart.hpp', 7],
      ['CppShop', 'class', 'cpp/cart.cpp', 3],
      ['cppMain', 'function', 'cpp/cart.cpp', 4],
    ],
    uses: { name: 'CppCart', at: [['cpp/cart.cpp', 3, 'inheritance']] },
    imports: ['cpp/cart.cpp', 'cpp/cart.hpp'],
  },
  {
    language: 'c_sharp',
    files: {
      'cs/Cart.cs': `namespace Shop {
  public interface ICsSource { int CsNext(); }
  public class CsCart : ICsSource {
    public int CsCount { get; set; }
    private int csField;
    public int CsNext() { return CsRound(1); }
    static int CsRound(int value) => value;
  }
  public enum CsKind { CsSmall }
}
`,
    },
    symbols: [
      ['ICsSource', 'interface', 'cs/Cart.cs', 2],
      ['CsCart', 'class', 'cs/Cart.cs', 3],
      ['CsCount', 'field', 'cs/Cart.cs', 4],
      ['csField', 'field', 'cs/Cart.cs', 5],
      ['CsRound', 'method', 'cs/Cart.cs', 7],
      ['CsKind', 'enum', 'cs/Cart.cs', 9],
      ['CsSmall', 'constant', 'cs/Cart.cs', 9],
    ],
    uses: { name: 'CsRound', at: [['cs/Cart.cs', 6, 'call']] },
    imports: ['cs/Cart.cs', 'cs/Cart.cs'],
  },
  {
    language: 'ruby',
    files: {
      'rb/cart.rb': `module RbShop
  RB_LIMIT = 3
  class RbCart
    attr_reader :rb_lines
    def rb_total
      rb_round(1)
    end
    def self.rb_round(value) = value
  end
end
`,
      'rb/use.rb': `require_relative 'cart'
class RbLarge < RbShop::RbCart
end
`,
    },
    symbols: [
      ['RbShop', 'namespace', 'rb/cart.rb', 1],
      ['RB_LIMIT', 'constant', 'rb/cart.rb', 2],
      ['RbCart', 'class', 'rb/cart.rb', 3],
      ['rb_lines', 'field', 'rb/cart.rb', 4],
      ['rb_total', 'method', 'rb/cart.rb', 5],
      ['rb_round', 'method', 'rb/cart.rb', 8],
    ],
    uses: { name: 'RbCart', at: [['rb/use.rb', 2, 'inheritance']] },
    imports: ['rb/use.rb', 'rb/cart.rb'],
  },
  {
    language: 'php',
    files: {
      'php/Shop/PhpCart.php': `<?php
namespace Shop;
const PHP_LIMIT_A = 3;
class PhpCart {
  private int $phpCount = 0;
  public function phpTotal(): int { return php_round(1); }
}
function php_round(int $value): int { return $value; }
`,
      'php/use.php': `<?php
use Shop\\PhpCart;
class PhpShop extends PhpCart {}
`,
    },
    symbols: [
      ['PHP_LIMIT_A', 'constant', 'php/Shop/PhpCart.php', 3],
      ['PhpCart', 'class', 'php/Shop/PhpCart.php', 4],
      ['phpCount', 'field', 'php/Shop/PhpCart.php', 5],
      ['phpTotal', 'method', 'php/Shop/PhpCart.php', 6],
      ['php_round', 'function', 'php/Shop/PhpCart.php', 8],
      ['PhpShop', 'class', 'php/use.php', 3],
    ],
    uses: { name: 'php_round', at: [['php/Shop/PhpCart.php', 6, 'call']] },
    imports: ['php/use.php', 'php/Shop/PhpCart.php'],
  },
];
