"""How fast requests go to a server: limits that the user gives, that its headers state, or that its refusals teach."""
