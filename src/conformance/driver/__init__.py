"""What imports libvirt: everything that is asked of a driver."""
