// Programs in languages that are read by patterns; see labelled-outlines.ts.
import type { Marked } from './marked.ts';

export const PROGRAMS: readonly Marked[] = [
  [
    'kotlin',
    'Cart.kt',
    `package shop
import shop.prices.Money

/** What is bought. */
data class Line(val price: Long, val count: Int) «class Line»
interface Priced { «interface Priced»
    fun total(): Long «method total»
}
enum class State { «enum State»
    OPEN, «constant OPEN»
    PAID, «constant PAID»
}
open class Cart<T : Line>(private val lines: List<T>) : Priced { «class Cart»
    companion object { const val LIMIT = 100 } 
    private var note: String = "fun hidden() {" «field note»
    override fun total(): Long { «method total»
        val sum = lines.sumOf { it.price }
        return sum
    }
    suspend fun <R> load(id: R): Cart<T>? = null «method load»
}
object Registry { «class Registry»
    // fun commented() {}
    @JvmStatic fun register(cart: Cart<*>) {} «method register»
}
fun String.asMoney(): Money = Money(this) «function asMoney»
typealias Lines = List<Line> «type Lines»
const val VERSION = "1" «constant VERSION»
val defaultCart: Cart<Line> by lazy { Cart(emptyList()) } «variable defaultCart»
`,
  ],
  [
    'swift',
    'Cart.swift',
    `import Foundation
protocol Priced { «interface Priced»
    var total: Int { get } «field total»
}
struct Line: Codable { «struct Line»
    let price: Int «field price»
    static let limit = 3 «field limit»
}
enum State { «enum State»
    case open «constant open»
    case paid(Int) «constant paid»
}
public final class Cart: Priced { «class Cart»
    private var lines: [Line] = [] «field lines»
    init(lines: [Line]) { «method init»
        self.lines = lines
    }
    public var total: Int { «field total»
        switch lines.count {
        case 0:
            return 0
        default:
            return 1
        }
    }
    @discardableResult
    func add(_ line: Line) async throws -> Int { «method add»
        let inner = "func hidden() {"
        return inner.count
    }
}
extension Cart { «implementation Cart»
    static func empty() -> Cart { Cart(lines: []) } «method empty»
}
actor Store { «class Store»
    func save() {} «method save»
}
typealias Lines = [Line] «type Lines»
func makeCart() -> Cart { .empty() } «function makeCart»
let shared = makeCart() «variable shared»
`,
  ],
  [
    'dart',
    'cart.dart',
    `import 'dart:async';
typedef Price = int; «type Price»
enum State { open, paid } «enum State»
abstract class Priced { «class Priced»
  int get total; 
}
mixin Noted { «class Noted»
  String note = 'void hidden() {'; «field note»
}
class Cart extends Priced with Noted { «class Cart»
  final List<int> lines; «field lines»
  static const limit = 10; «constant limit»
  Cart(this.lines); «method Cart»
  factory Cart.empty() { «method Cart.empty»
    return Cart([]);
  }
  @override
  int get total => lines.fold(0, (a, b) => a + b); «method total»
  Future<void> save(String path) async { «method save»
    if (path.isEmpty) {
      return;
    }
    for (final line in lines) {
      print(line);
    }
  }
}
extension Money on int { «implementation Money»
  String asMoney() => '$this'; «method asMoney»
}
Cart makeCart({int size = 1}) { «function makeCart»
  return Cart.empty();
}
const version = '1'; «constant version»
`,
  ],
  [
    'scala',
    'Cart.scala',
    `package shop
import shop.prices.Money
trait Priced { «interface Priced»
  def total: Long «method total»
}
sealed abstract class State «class State»
case object Open extends State «class Open»
case class Line(price: Long, count: Int) «class Line»
class Cart(lines: List[Line]) extends Priced { «class Cart»
  private val note = "def hidden = 1" «field note»
  override def total: Long = { «method total»
    val sum = lines.map(_.price).sum
    sum match {
      case Zero => 0
      case other => other
    }
  }
  def +(line: Line): Cart = new Cart(line :: lines) «method +»
}
object Cart { «class Cart»
  type Lines = List[Line] «type Lines»
  implicit def toMoney(cart: Cart): Money = Money(cart.total) «method toMoney»
  lazy val empty: Cart = new Cart(Nil) «field empty»
}
enum Colour { «enum Colour»
  case Red, Green «constant Red»
}
`,
  ],
  [
    'objc',
    'Cart.m',
    `#import "Cart.h"
#define CART_LIMIT 10 «macro CART_LIMIT»
typedef NS_ENUM(NSInteger, CartState) { «enum CartState»
  CartOpen,
};
typedef void (^Handler)(int); 
static NSString *const CartName = @"void hidden() {"; «constant CartName»
@protocol Priced <NSObject> «interface Priced»
- (NSInteger)total; «method total»
@end
@interface Cart : NSObject «class Cart»
@property (nonatomic, copy) NSString *note; «field note»
- (void)addLine:(NSString *)line count:(NSInteger)count; «method addLine»
@end
@implementation Cart «implementation Cart»
+ (instancetype)empty { «method empty»
  return [[self alloc] init];
}
- (NSInteger)total { «method total»
  return 0;
}
@end
static int helper(int value) { «function helper»
  return value;
}
`,
  ],
  [
    'perl',
    'Cart.pm',
    `package Shop::Cart; «namespace Shop::Cart»
use strict;
use Shop::Money;
use constant LIMIT => 10; «constant LIMIT»
our $VERSION = '1'; «variable VERSION»
# sub commented {}
sub new { «function new»
  my ($class, %args) = @_;
  return bless {%args}, $class;
}
sub _note { "sub hidden {" } «function _note»
sub total { «function total»
  my $self = shift;
  my $sum = 0;
  $sum += $_ for @{ $self->{lines} };
  return $sum;
}
package Shop::Line; «namespace Shop::Line»
sub price { $_[0]{price} } «function price»
1;
`,
  ],
  [
    'lua',
    'cart.lua',
    `local money = require("shop.money") «variable money»
local Cart = {} «variable Cart»
Cart.__index = Cart
LIMIT = 10 «variable LIMIT»
--[[ function commented() end ]]
function Cart.new(lines) «function new»
  local self = setmetatable({}, Cart)
  if lines == nil then
    return self
  end
  return self
end
function Cart:total() «function total»
  local sum = 0
  for _, line in ipairs(self.lines) do
    sum = sum + line
  end
  return sum
end
local function helper(value) «function helper»
  return "function hidden()"
end
Cart.save = function(self) «function save»
  return helper(self)
end
return Cart
`,
  ],
  [
    'r',
    'cart.R',
    `library(methods)
limit <- 10 «variable limit»
setClass("Cart", representation(lines = "numeric")) «class Cart»
setGeneric("total", function(x) standardGeneric("total")) «method total»
new_cart <- function(lines = numeric()) { «function new_cart»
  note <- "hidden <- function() {"
  structure(list(lines = lines), class = "cart")
}
# commented <- function() 1
print.cart <- function(x, ...) { «function print.cart»
  cat(length(x$lines))
}
add = function(x, line) c(x, line) «function add»
`,
  ],
  [
    'julia',
    'cart.jl',
    `module Shop «namespace Shop»
using LinearAlgebra
const LIMIT = 10 «constant LIMIT»
abstract type Priced end «type Priced»
struct Line <: Priced «struct Line»
    price::Int
end
mutable struct Cart «struct Cart»
    lines::Vector{Line}
end
"function hidden() end"
function total(cart::Cart)::Int «function total»
    sum = 0
    for line in cart.lines
        sum += line.price
    end
    return sum
end
#= function commented() end =#
double(x::Int) = 2x «function double»
function Base.show(io::IO, cart::Cart) «function show»
    print(io, total(cart))
end
function add!(cart, line) «function add!»
    push!(cart.lines, line)
end
macro twice(ex) «macro twice»
    :($ex; $ex)
end
end
`,
  ],
  [
    'matlab',
    'cart.matlab.m',
    `function result = cart_total(lines, rates) «function cart_total»
%{
function commented(x)
%}
result = 0;
for at = 1:numel(lines)
    result = result + lines(at);
end
end

function [a, b] = split_cart(lines) «function split_cart»
a = lines(1);
b = "function hidden(x)";
end

function show_cart(lines) «function show_cart»
disp(lines);
end
`,
  ],
  [
    'fortran',
    'cart.f90',
    `module shop «namespace shop»
  use iso_fortran_env
  implicit none
  integer, parameter :: limit = 10 «constant limit»
  type :: line «struct line»
    integer :: price «field price»
  end type line
  type, extends(line) :: taxed_line «struct taxed_line»
    real :: rate «field rate»
  end type
  interface add «interface add»
    module procedure add_line
  end interface
contains
  ! subroutine commented()
  subroutine add_line(a, b) «function add_line»
    integer, intent(in) :: a, b
    print *, "function hidden()"
  end subroutine add_line
  pure function total(lines) result(sum) «function total»
    integer, intent(in) :: lines(:)
    integer :: sum
    sum = 0
  end function total
end module shop
program main «namespace main»
end program main
`,
  ],
  [
    'vim',
    'cart.vim',
    `let g:cart_limit = 10 «variable g:cart_limit»
augroup cart «namespace cart»
  autocmd!
augroup END
" function! Commented()
function! cart#total(lines) abort «function cart#total»
  let sum = 0
  if empty(a:lines)
    return 0
  endif
  return sum
endfunction
function s:helper() «function s:helper»
endfunction
command! -nargs=1 CartAdd call cart#add(<args>) «function CartAdd»
`,
  ],
  [
    'assembly',
    'cart.s',
    `.include "macros.inc"
.equ LIMIT, 10 «constant LIMIT»
.macro PUSHALL «macro PUSHALL»
    push %rax
.endm
    .text
    .globl total
total: «function total»
    mov $0, %eax # hidden:
.loop: «target .loop»
    jmp .loop
done: «function done»
    ret
`,
  ],
];
