# cmake --install: the two programs, the public headers, and the targets bartizan::core and bartizan::ml.
