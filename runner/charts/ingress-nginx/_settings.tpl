{{- define "settings" -}}
{{- $controller := .Values.controller -}}
{{- $class := $controller.ingressClassResource -}}
daemonset: {{ eq $controller.kind "DaemonSet" }}
type: {{ $controller.service.type }}
externalTrafficPolicy: {{ $controller.service.externalTrafficPolicy | default "" | quote }}
annotations: {{ toJson $controller.service.annotations }}
class: {{ $class.enabled | ternary $class.name "" }}
default: {{ $class.default }}
controller: {{ $class.controllerValue }}
affinity: {{ toJson $controller.affinity }}
tolerations: {{ toJson $controller.tolerations }}
{{- end -}}
