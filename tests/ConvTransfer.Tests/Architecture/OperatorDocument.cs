using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Tests.Architecture;

/// <summary>Writes the list of supported operators from their schemas and from the documentation of their classes.</summary>
internal static partial class OperatorDocument
{
    /// <summary>The whole page.</summary>
    public static string Write(OperatorSet operators)
    {
        var notes = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "ConvTransfer.Operators.xml")).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value);
        var text = new StringBuilder();
        text.Append("# Supported operators\n\nGenerated from the operators' schemas by the architecture test; do not edit.\n");
        text.Append("A node of another operator is kept by import, edit and export; planning refuses it by name.\nfloat16 is computed in float32 between the nodes.\n");
        text.Append(CultureInfo.InvariantCulture, $"\n{operators.All.Count} operators:\n{string.Join(", ", Sorted(operators).Select(o => $"[{o}](#{Anchor(o)})"))}.\n");
        foreach (var op in Sorted(operators)) Describe(text, op, notes.GetValueOrDefault($"T:{op.GetType().FullName}"));
        return text.ToString();
    }

    private static IEnumerable<Operator> Sorted(OperatorSet operators) => operators.All.OrderBy(o => o.ToString(), StringComparer.Ordinal);

    // As the usual renderers of Markdown make anchors from headings.
    private static string Anchor(Operator op) => new([.. op.ToString().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is '-' or '_')]);

    private static void Describe(StringBuilder text, Operator op, XElement? notes)
    {
        var schema = op.Schema;
        text.Append(CultureInfo.InvariantCulture, $"\n## {op}\n\n{Prose(notes?.Element("summary"))}\n{Prose(notes?.Element("remarks"))}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"- versions: {string.Join(", ", schema.Since)}{(schema.RemovedIn is int end ? $"; removed in {end}" : "")}\n");
        foreach (var p in schema.Inputs) text.Append(CultureInfo.InvariantCulture, $"- input {Parameter(p)}\n");
        foreach (var p in schema.Outputs) text.Append(CultureInfo.InvariantCulture, $"- output {Parameter(p)}\n");
        foreach (var a in schema.Attributes) text.Append(CultureInfo.InvariantCulture, $"- attribute `{a.Name}`: {a.TypeName}{Default(a)}{Versions(a.Since, a.Until)}\n");
    }

    private static string Parameter(Parameter p) =>
        $"`{p.Name}`{(p.Presence == Presence.Required ? "" : $" ({p.Presence.ToString().ToLowerInvariant()})")}: {Types(p.Type)}{Versions(p.Since, p.Until)}{(p.DecidesShape ? "; decides a shape" : "")}";

    private static string Types(TypeVariable variable) => $"{variable.Name} of {Named(variable.Allowed)}";

    private static string Named(ElementType[] types)
    {
        (ElementType[] Types, string Name)[] groups = [(TypeVariable.All, "every type"), (TypeVariable.NumbersAndBool, "numbers, bool"), (TypeVariable.Numbers, "numbers"), (TypeVariable.Floats, "floats"), (TypeVariable.Integers, "integers")];
        foreach (var group in groups)
            if (group.Types.ToHashSet().SetEquals(types)) return group.Name;
        return string.Join(", ", types.Select(t => t.OnnxName()));
    }

    private static string Default(AttributeDefinition a)
    {
        if (a.Required) return ", required";
        return a switch
        {
            FloatAttribute f => string.Create(CultureInfo.InvariantCulture, $", default {f.Default:R}"),
            IntAttribute i => string.Create(CultureInfo.InvariantCulture, $", default {i.Default}"),
            StringAttribute s => $"{(s.Default.Length > 0 ? $", default {s.Default}" : "")}{(s.Allowed.Length > 0 ? $", one of {string.Join(", ", s.Allowed)}" : "")}",
            _ => "",
        };
    }

    private static string Versions(int since, int until) => (since > 1, until < int.MaxValue) switch
    {
        (false, false) => "",
        (true, false) => $"; since {since}",
        (false, true) => $"; until {until}",
        (true, true) => $"; since {since}, until {until}",
    };

    // The prose of a documentation element on one line; a reference is shown by its last name.
    private static string Prose(XElement? element)
    {
        if (element is null) return "";
        string text = string.Concat(element.Nodes().Select(n => n switch
        {
            XText t => t.Value,
            XElement e when (e.Attribute("cref") ?? e.Attribute("langword") ?? e.Attribute("name")) is { } reference => $"`{reference.Value.Split('(')[0].Split('.', ':')[^1]}`",
            XElement e => Prose(e),
            _ => "",
        }));
        return Blanks().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
