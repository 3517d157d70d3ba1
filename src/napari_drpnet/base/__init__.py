"""What every room uses: errors, jobs, devices, whole files, geometry, text, points."""
