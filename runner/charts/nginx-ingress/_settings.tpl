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
{{- end -}}
