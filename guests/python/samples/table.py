"""A table from one form into another: CSV, dates, numbers."""
import csv
import datetime
import io
import itertools
import statistics
import sys
from decimal import Decimal

ROWS = "day,name,price\n2024-02-03,apple,1.20\n2024-02-04,pear,2.35\n2024-03-05,plum,0.95\n"

rows = list(csv.DictReader(io.StringIO(ROWS)))
total = sum(Decimal(row["price"]) for row in rows)
months = {}
for month, group in itertools.groupby(rows, key=lambda row: datetime.date.fromisoformat(row["day"]).month):
    months[month] = round(statistics.mean(float(row["price"]) for row in group), 2)
writer = csv.writer(sys.stdout)
writer.writerow(["month", "mean"])
writer.writerows(sorted(months.items()))
print(f"total {total:,.2f} at {datetime.datetime(2024, 3, 5, 12):%Y-%m-%d %H:%M}", "=" * 10, sep="\n")
try:
    int("none")
except ValueError as error:
    print("refused:", error)
