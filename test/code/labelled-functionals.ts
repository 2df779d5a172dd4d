// Functional programs that are read by patterns; see labelled-outlines.ts.
import type { Marked } from './marked.ts';

export const FUNCTIONAL: readonly Marked[] = [
  [
    'haskell',
    'Cart.hs',
    `module Shop.Cart (Cart, total) where «namespace Shop.Cart»
import qualified Data.Map as Map
-- hidden :: Int
data State = Open «type State»
           | Paid Int «constant Paid»
newtype Price = Price Int «type Price»
type Lines = [Price] «type Lines»
class Priced a where «interface Priced»
  totalOf :: a -> Int «function totalOf»
data Cart a = Cart { lines :: Lines } «type Cart»
instance Priced (Cart a) where
  totalOf = total
total :: Cart a -> Int «function total»
total cart = foldr add 0 (lines cart)
  where
    add (Price p) sum = p + sum
(<+>) :: Cart a -> Price -> Cart a «function (<+>)»
cart <+> price = cart
emptyCart, fullCart :: Cart a «function emptyCart»
emptyCart = Cart []
`,
  ],
  [
    'ocaml',
    'cart.ml',
    `open Printf
module Money = struct «namespace Money»
  type t = int «type t»
  let zero = 0 «function zero»
end
module type PRICED = sig «interface PRICED»
  val total : int list -> int «function total»
end
type state = «type state»
  | Open «constant Open»
  | Paid of int «constant Paid»
exception Empty «constant Empty»
(* let commented = 1 *)
let limit = 10 «function limit»
let rec total lines = «function total»
  let sum = 0 in
  match lines with
  | [] -> sum
  | line :: rest -> line + total rest
and average lines = total lines / List.length lines «function average»
class cart = object «class cart»
  method add line = ignore line «method add»
end
external now : unit -> float = "now" «function now»
`,
  ],
  [
    'elixir',
    'cart.ex',
    `defmodule Shop.Cart do «namespace Shop.Cart»
  @moduledoc """
  def hidden(x) do
  """
  alias Shop.Money
  @limit 10 «constant limit»
  @type t :: %__MODULE__{} «type t»
  @callback price(term) :: integer «function price»
  defstruct lines: [] «struct defstruct»
  def new(lines \\\\ []), do: %__MODULE__{lines: lines} «function new»
  def total(%__MODULE__{lines: lines}) do «function total»
    Enum.sum(lines)
  end
  defp helper?(value) do «function helper?»
    # def commented do
    value == @limit
  end
  defmacro twice(block) do «macro twice»
    quote do: unquote(block)
  end
  defguard is_cart(value) when is_struct(value) «macro is_cart»
end
defprotocol Priced do «interface Priced»
  def total(value) «method total»
end
`,
  ],
  [
    'erlang',
    'cart.erl',
    `-module(cart). «namespace cart»
-include("money.hrl").
-export([total/1]).
-define(LIMIT, 10). «macro LIMIT»
-record(line, {price, count}). «struct line»
-type lines() :: [#line{}]. «type lines»
-spec total(lines()) -> integer().
% commented() -> ok.
total([]) -> «function total»
    0;
total([#line{price = Price} | Rest]) ->
    helper(Price),
    Price + total(Rest).
helper(X) when X > 0 -> «function helper»
    io:format("hidden() -> ok.");
helper(_) ->
    ok.
`,
  ],
  [
    'elm',
    'Cart.elm',
    `module Shop.Cart exposing (..) «namespace Shop.Cart»
import Html
{- hidden : Int -}
type alias Line = «type Line»
    { price : Int }
type Msg «type Msg»
    = Add Line «constant Add»
    | Clear «constant Clear»
limit : Int «function limit»
limit =
    10
total : List Line -> Int «function total»
total lines =
    let
        sum = 0
    in
    sum
helper value = «function helper»
    value
port save : String -> Cmd msg «function save»
`,
  ],
];
