"""The demo catalogue. The last product is out of stock, so that a refusal can be seen too."""

from decimal import Decimal
from typing import NamedTuple

from apps.inventory.domain.products import Money, Product


class Demo(NamedTuple):
    """A product, and how many there are at the beginning."""

    product: Product
    stock: int


def _demo(sku: str, name: str, description: str, price: str, stock: int) -> Demo:
    return Demo(Product(sku, name, description, Money.of(Decimal(price), "EUR")), stock)


CATALOGUE = (
    _demo("BAG-CANVAS", "Canvas bag", "Undyed cotton, two handles, 12 litres.", "14.00", 400),
    _demo("BOTTLE-STEEL", "Steel bottle", "Keeps half a litre warm for eight hours.", "24.90", 250),
    _demo("CABLE-USBC-2M", "USB-C cable, 2 m", "Braided, 100 W.", "12.95", 1200),
    _demo("CHAIR-OAK", "Oak chair", "Solid oak, oiled, for the table and the desk.", "189.00", 40),
    _demo("KEYBOARD-DE", "Keyboard, German layout", "Mechanical, quiet switches, USB-C.", "89.90", 120),
    _demo("LAMP-DESK", "Desk lamp", "Dimmable LED with a jointed arm.", "49.50", 180),
    _demo("MUG-BLUE", "Blue mug", "Stoneware, 0.35 l, dishwasher safe.", "12.50", 600),
    _demo("MUG-WHITE", "White mug", "Stoneware, 0.35 l, dishwasher safe.", "11.50", 600),
    _demo("NOTEBOOK-A5", "Notebook A5", "160 dotted pages, lies flat.", "8.90", 900),
    _demo("PEN-GEL-BLACK", "Gel pen, black", "0.5 mm, refillable.", "2.40", 3000),
    _demo("TEA-GREEN-100", "Green tea, 100 g", "Loose leaves in a tin.", "9.80", 300),
    _demo("VASE-GLASS", "Glass vase", "Mouth-blown, each one different; sold out for now.", "64.00", 0),
)
