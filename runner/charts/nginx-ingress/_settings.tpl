{{- define "settings" -}}
{{- $controller := .Values.controller -}}
daemonset: {{ eq $controller.kind "daemonset" }}
type: {{ $controller.service.type }}
externalTrafficPolicy: {{ $controller.service.externalTrafficPolicy | default "" | quote }}
annotations: {{ toJson $controller.service.annotations }}
class: {{ $controller.ingressClass.create | ternary $controller.ingressClass.name "" }}
default: {{ $controller.ingressClass.setAsDefaultIngress }}
controller: nginx.org/ingress-controller
affinity: {{ toJson $controller.affinity }}
tolerations: {{ toJson $controller.tolerations }}
image: nginx/nginx-ingress
args:
  - -nginx-configmaps=$(POD_NAMESPACE)/{{ .Release.Name }}
  {{- with $controller.defaultTLS.secret }}
  - -default-server-tls-secret={{ . }}
  {{- end }}
  - -ingress-class={{ $controller.ingressClass.name }}
  {{- with $controller.watchNamespace }}
  - -watch-namespace={{ . }}
  {{- end }}
  {{- with $controller.wildcardTLS.secret }}
  - -wildcard-tls-secret={{ . }}
  {{- end }}
  - -default-http-listener-port=80
  - -default-https-listener-port=443
  - -allow-empty-ingress-host={{ $controller.allowEmptyIngressHost }}
{{- end -}}
