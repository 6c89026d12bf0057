#!/bin/sh
# Builds the binding of a suite's libvirt for another suite's Python: binding.sh ROOT ROOT_OF_PYTHON SOURCE.
# Run when the packages of ROOT are installed.
set -eu
root=$1
lent=$2
source=$3

place=$root/opt/binding
mkdir -p "$place/source" "$place/python" "$place/library" "$place/include"
cp -a "$lent"/usr/include/python3.* "$place/include/"
tar --strip-components=1 -C "$place/source" -xf "$source"
cp -a "$lent"/usr/include/*-linux-gnu* "$place/include/"

chroot "$root" sh -eu <<'END'
cd /opt/binding/source
mkdir -p build
python3 generator.py libvirt /usr/share/libvirt/api/libvirt-api.xml >/dev/null
headers=$(echo /opt/binding/include/python3.*)
# The headers of another suite's C library must not be found, only those of its Python.
for folder in /opt/binding/include/*-linux-gnu*; do
  mkdir -p /opt/binding/headers/"${folder##*/}"
  cp -a "$folder"/python3.* /opt/binding/headers/"${folder##*/}"/
done
gcc -O1 -w -shared -fPIC -I. -Ibuild -I"$headers" -I/opt/binding/headers \
  libvirt-override.c build/libvirt.c libvirt-utils.c typewrappers.c -lvirt -o ../python/libvirtmod.so
cp build/libvirt.py ../python/
# Found before the libvirt that the other suite's libraries may lie beside.
for library in /usr/lib/*-linux-gnu*/libvirt*.so.0; do ln -s "$library" ../library/; done
rm -rf /opt/binding/source /opt/binding/include /opt/binding/headers
END
