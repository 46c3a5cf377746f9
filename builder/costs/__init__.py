"""What answers cost: prices, exact sums, and limits that hold.

amounts      money in whole picodollars, and sums that may be unknown in part
price        the tokens of a response, the rates of a model, and what tokens cost at them
listed       prices from the table of genai-prices
price_files  prices of your own (`--prices`)
limits       what may be spent, and whether a request still fits
"""

from .amounts import PICO, Cost, describe_cost, format_usd, make_cost
from .limits import Limits, Reservation, Spent, describe_spent, list_exceeded, make_limits
from .price import FREE, Delivery, Payment, Price, Rates, ResponseTokens, Terms, compute_cost, compute_most
from .price_files import find_price

__all__ = [
    "FREE",
    "PICO",
    "Cost",
    "Delivery",
    "Limits",
    "Payment",
    "Price",
    "Rates",
    "Reservation",
    "ResponseTokens",
    "Spent",
    "Terms",
    "compute_cost",
    "compute_most",
    "describe_cost",
    "describe_spent",
    "find_price",
    "format_usd",
    "list_exceeded",
    "make_cost",
    "make_limits",
]
