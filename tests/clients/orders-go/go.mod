module highwater/tests/orders

go 1.26.0
