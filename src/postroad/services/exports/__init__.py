"""Files of deliveries: what stands in them, and how they are written, piece by piece.

Comes in: deliveries that were masked for their viewer, some thousands at a time, and a layout. Goes
out: octets, and how many rows they end. Nothing here knows who asks, or where the octets go.
"""

from postroad.services.exports.form import FORMATS, Form, form
from postroad.services.exports.layout import Layout
from postroad.services.exports.order import Order
from postroad.services.exports.shelf import Shelf
from postroad.services.exports.writing import Piece, written

__all__ = ["FORMATS", "Form", "Layout", "Order", "Piece", "Shelf", "form", "written"]
