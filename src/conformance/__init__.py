"""An executable specification of libvirt's domain API, run against any libvirt URI."""
