"""Two workbooks of the old format as LibreOffice 7 writes them, packed: no library here writes an .xls.

Row 3 hidden, row 4 struck through, column G hidden, B2:B3 merged, the sheet 上一版 hidden; SMALL fits into the small sectors of
its compound file, LARGE does not.
"""

import base64
import lzma

_SMALL = (
    "XQAAAAT//////////wBoM74chjB3YPSkhCnC3hx2J4LykYbciMonuuZVb8X+3yj/Y0MggIVAgisyy/GFSqj0r4g8+7W1ZJfJkd1NqHgDgHfV7e"
    "E2hKkYQYpkIEoMkZm9DbGiZqc7Qvq1hVJ9qLNj/oG2YAxBWsQYOnqFEtiasR/H7G40IOZMqGnPbf+QAlTo63V/jvJKbVqA1pFjxFCezl0QDXHj"
    "OjaUICkgjP0wxXcRhm9NmVCO2ymF4cCt5kI1d/ZEB7Q8SmfOEJtMDUVHnYd+NGK7Xo3YtMo4x/CjenM7tiduCN5fV1c7hnx6yiLtsLbZfXT6QH"
    "MPO+SvRBkls3vUkzIDryac9cMLtuBuKevpwvGPiBp+WCWHyLHfs/gjv7PVo2Xy8lvU5Z3T6Ou0MFxecSLhOhvSE9xd+2POoB+DZ8OXQjbsqbXK"
    "/8VdzRDPRuIsxuGx0pjAiePgo/mNjQRjSMzcHNfnrd5EocyO4uMkBxL+oVhq3pJHzjc9hYuT3qnkxWdrXdrU9ltLaG0bWpGn7IiU4ppfQ3Q2fZ"
    "V6g0U0G5w0o1/PJe7vWB4/dBIO5WOm+KzytIPERbgd+GMOYsTf/2XJzNSDo+7yvDfvWJJfLXB4A4f1Z3oRO5JS0SjaQqzOavX6L1NRkyXftAxE"
    "aGiGODRlVuJY5++l9OVPKClNaVhasOCAGOOVfvjsxvTR2kYbw6myEYHHRdejYsGo8KZ5+A0/Dsoi4AjWpILSOjRRN9XsQ7dWuN3u695g5v5cwB"
    "VyGEXJ0Kv0Q0BS3VPua5gmBuyrxmSs1dEtn42nKtkguA8xxSeWzIzILAs390UYpjnubyr6oNwNAxuANduPJG/lN+0C7aFHCeW98LUhS9jn4U88"
    "aIagDw7RWuQyEtjD06SCTr83zJIS7A5efKue2s5Mtm9pg5BBEZ+9Ii1W6k7vC0VvSQPpIMoyQap/0Tm5KHLRzZCXx9mi3Vcn+NaUY7zGNjJBpD"
    "WvoKoBoKmtS3wWw8lK0ubfBxZXUE6HnGP6sno9TT7aKWzvr7GZcvBGZ+RwwZu0eaEBywttQmY29jgvfgCfpnbXBauvOlx0J9OrO8FlgxMdiFTF"
    "ufJCOOUUpa8kyLgjlYFgAbYEl+F4iIYS46ikfqQYdi8KR74/eoI66l4qRQ1hYmaDXk7ZhJlRZOcCHZgDc5vnwtorWcz7Rd//I2OfR7ZAQPElzy"
    "gcjqP7mroZVdENGRfJwkVxwdyxsbMe9cLhBIaGhNywIuZmkg7IX8AO6dmD8IQJi/UD3XY+A0fZR7ZTioYtFIX0JKNu39J8kO/pg/t7DQ0BaHsq"
    "prg6sQ2JXXq0GqVbQarM4VqhOelmYiHyw4183Regt1FiOleq9rYI1kFp1uORzhjys0DIn4CWD/pFbHCF02x1kr5828MiAFPc7e81hVpjdsv4+u"
    "GDTN1FdRVu/LQeRWLaf2NGafPOAc6MNcGPrPRlj8S7TQXZszezzaAMA6dRAI8thARhVyoxnYSuijkdjZ746EzYxmenETZQgX1l6ZltduJ8/Vkm"
    "uJu8D4IrFu+otbQd2GAEm/iHBnrYboENfjp0e8ViAg4G1c7vG2q4uyOYPcNJu8UidN/9QJQVlq0Up+23+1hd+AMBq0oS8v+1FA3k209uBU7pJ+"
    "sM6QOFcFs2HX0VqsDEyY/tPgxg5STvJzJgNbZnS1eAh6DdFJtD1nexLKFYCGCEUO9GdxCvOrnssK4Y7+8i36FiKRsP0v2qmSIqzElWu5sXRVQo"
    "3yWPmqbBBdY4o51ruwKVuWO2zQXEfqZjivXD1XNcW18sVqVr9LtFUn0pYEzci1VhFF784EzmLm72GfhhCf19dcD+errxWW+BqYldZzuqJb7yeS"
    "MIQ+dy/+T1Byme8F0YIOP/eraPwA=="
)
_LARGE = (
    "XQAAAAT//////////wBoM74chjB3YPSkhCnC3hx2J4LykYbciMonuvkoR7gVWZkZyQUBh2GEA/A+sygSjYphNH9G54hxWO2h8GjITBcBXiCUfD"
    "xJiXB/lJSvm6Ze6WqGbef+xGkN43OejcyJwFKd20SD9AVVoHOI9bX8pXQu5+GoppW6tXiFaAYYp+xyszdPtbumCkVlbQlVSDlg98ERKJm9vOLz"
    "UVYN6FDCiNXnl/ZzuubdIbkRZjlzcSWRjX0qAQh7SriVlKBxDU/02Ok/k8R4eG2Q+5fP5pUYwrkyTO+zJBtLppHSOjJWIMwW8tDioMvyrfcJ5g"
    "bAm35TcDDQJqTwr6xvl0o2mOEgdsr9U1NlPYBijdJ1uv5M/BaJpuxHUVxnU41aZZ3wMI8zuekzvFurEt4yJKB1upqUztZIU+3GC3MgHPvSmQmw"
    "jQSnmwM7tSKm5ias+4V6lx7YL736IXWK/V01epjD84muNVOcV7UglHdNw4RH4x6Do8U9g/8Wd9vyUetLTBbelx8+SyVw5t9RCOcDjbLaMtCSgl"
    "VP94S7lo2lHQxALPvw6MSUieu5s9diTBWVaLCqHvJu/pfHsrVH4U7K3sUV5Ge/ae6C76mDn7n61WA/lrfRP8rQxA/YIz2Ie/eCGNQKCFRf008j"
    "fNHGBo86tT0HfDfmmTEhB7yEHOQL3jG99gqftt4JmkLMbZwlo881FwpLMhWu43F3GWvPUdbE+MeIj82DYn5nZSdZHvVkFjLlOFSlhuC4+JYjMD"
    "pihKCG/F6Zghh47YcdHUpBzLO+kVz1Irq2WhEE5yybFf9G6hyiBAfauxZoqCBaYBQlIYfafEw1FzVN1GfC0DnaJ5JwBfx6MUyN6colq2xsb+E+"
    "QJbJUAINW1F+6Ig8x3uou53IivOTpe+f635D5nE8ge8cxQ5PtM7UVXtuSfYd90fbxDSmuPToXwUMaV86UgSsm+37FMoCNvZif+K9bJMZmciOG3"
    "/NH1S/a0+cpX9Hxak7KxbcRpUCn1zd/x91u3qA1MC32GKeVxTvxtDnpRmytnWJx2bO8D/Fpo5g+J7pRk2gXDFcQU1wnwasFlTakB3KIxii4ouj"
    "2ZyN1hcZn39fzsZByeLrm1ULigALuxx/dpsrMz2gtFHMos8kBfjFLoWgNRv/DMMFiBHypaYar8icaCdY56sdkAWUlWnflMMXG1N4XoUOH7jBMG"
    "8ho9Yd6zw1WRrVPQguEidZtQLv0ery+/Mpqq+cRgCfgGWcje4ecKNV4HdwONoOjJyVKTT7vye/K5PG7lQBeEJrO4gPHq8O+qFJIs7gW/nnDH0F"
    "mwBxEkgdJdfY1qTfR6GefoqAF9UbDB0sJpGT4bcs4I2vus4dUcAXWq+Mq4DTtL6x+8Y2iw8cLkP7WSI2J59nk0SGIjasghxqoLNglUSrDup51A"
    "9wHeBPIQiEMRRpZAw//qB1Ozl4Pe3bojoEUvnlpgirwdFZZ+gQf7q4hUlYRVZoGFRYc7EhlGyLlTnwjjr5+EqjSZJL+BzfsyhxqlMTPEmGM/8z"
    "vOzqmXcxFriG4kgo9R8nIAdsQFeeMXWA/8anLRYx9Y2+nJ3prPmGG5jkTbzJWUO3SDj4UMm4hiBRavnHRV0wktwlwG7jFUX9ctT0QQdcV+xYw7"
    "vhQsWSQ/qWVnttE7YrfC2IUH1SVJDNN1faNF905Tz/rc6AwcUcjhCaEtvwTpf8yP3jl+9zwGYEkzUDLXcq148Ghc1TmhxmtpuwFONuAeiiYtN5"
    "bOD1SKT9nYXURX9iQ4wZ0tGZlcxOsJDQY0YbndPItmAIHFH6mYsfwYIFdLiIjriF8a3JSTLREfwXweBDKT9Al0rlJbkVTBFISes3Peg36ziIVf"
    "qixRWYpayB8V+ZJOHHFZEOy2rXQnVrc6Gx947dmkagD5MKQd9v5EZUyrZW63+OvqLsn4xPeZNFzWx8ZOz7iWKUqCixPzh0ArYa9iOSbRxzWnTv"
    "f0aPX/Z5hsdGS1UPdn8AzLoCtyNK5Pv7IV2t9i+yhFSHq0QwVgEfEVwTP4kk3BGYlh979cC/rYIS4Mr+VSMAWqakmUEUBuW+gmmXsFbFF9HB9+"
    "VXgjNWUJas35Be48XvewzX"
)


def unpacked(text: str) -> bytes:
    return lzma.decompress(base64.b64decode(text))


SMALL, LARGE = unpacked(_SMALL), unpacked(_LARGE)
