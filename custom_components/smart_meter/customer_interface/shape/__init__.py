"""Shapes: what was read the long way once is checked and unpacked at once the next time.

A meter sends the same telegram again and again, with other numbers in it. Whatever was read without a fault leaves its
shape: which bytes may change, and what each of these is the value of (dlms.py, dsmr.py and mbus.py say how). The next
telegram of the same length is compared with it under a mask, one comparison of big numbers, and unpacked. Whatever does
not fit, be it a bit, goes the long way, so that no telegram is read any other than it always was, only sooner.

Ciphers are opened as before, but by what opened the last one: nothing is taken from a telegram whose tag does not fit,
and where a meter sends no tag the whole mask takes the place of the few bytes that tell a right key from a wrong one.

Around the shape of what is said is the envelope in which it comes (envelope.py): where nothing else is under way, a whole
telegram is opened without looking for frames. As a shape says which numbers changed, and by how many ones as they were
sent, belief looks at these alone (`session/steady.py`, `session/quick.py`). M-Bus with records has no envelope: its frames
are found as ever, and what changed goes along with the reading (`Filled`).

The long way remembers no record, header or code: what has no shape is parsed anew each time. A shape is kept where it
gains fivefold: `script/bench` measures each against the long way.
"""
