"""What answers at a load balancer's address: a page that names the pod a real cluster would have answered from."""
