"""Writes a small C project: c_project.py FOLDER FILES.

`make` builds `sum` from FILES sources with a common header; it prints the sum of
1..FILES.
"""
import os
import sys

MAKEFILE = """OBJECTS = $(patsubst %.c,%.o,$(wildcard *.c))
CFLAGS = -O1 -Wall
sum: $(OBJECTS)
\t$(CC) -o $@ $(OBJECTS)
%.o: %.c parts.h
\t$(CC) $(CFLAGS) -c -o $@ $<
"""


def main(folder, files):
    os.chdir(folder)
    numbers = range(1, int(files) + 1)
    sources = {f"part{n}.c": f'#include "parts.h"\nint part{n}(void) {{ return {n}; }}\n' for n in numbers}
    sources["parts.h"] = "".join(f"int part{n}(void);\n" for n in numbers)
    calls = " + ".join(f"part{n}()" for n in numbers)
    sources["main.c"] = ('#include <stdio.h>\n#include "parts.h"\n'
                         f'int main(void) {{ printf("%d\\n", {calls}); return 0; }}\n')
    sources["Makefile"] = MAKEFILE
    for name, text in sources.items():
        with open(name, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
