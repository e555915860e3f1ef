"""Radio sticks: a stick's own serial protocol to radio frames."""
