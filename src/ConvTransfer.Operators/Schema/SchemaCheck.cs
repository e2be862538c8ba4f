using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Operators.Schema;

/// <summary>Holds a node against its operator's schema: counts of inputs and outputs, and every attribute.</summary>
internal static class SchemaCheck
{
    /// <summary>Adds a problem for everything about the node that its schema forbids. Element types are checked where they are known, in the type walk.</summary>
    public static void Check(Node node, OperatorSchema schema, int version, ProblemList problems)
    {
        void Error(string message) => problems.Error(FailureCause.ModelInvalid, $"{node.DisplayName} ({schema.Name}-{version}): {message}", node.DisplayName);

        CheckCount("input", node.Inputs, [.. schema.InputsOf(version)], Error);
        CheckCount("output", node.Outputs, [.. schema.OutputsOf(version)], Error);

        var seen = new HashSet<string>();
        foreach (var attribute in node.Attributes)
        {
            string name = DisplayText.Escape(attribute.Name);
            if (!seen.Add(attribute.Name))
            {
                Error($"attribute '{name}' is given twice");
                continue;
            }
            var definition = schema.AttributesOf(version).FirstOrDefault(a => a.Name == attribute.Name);
            if (definition is null) Error($"attribute '{name}' is unknown; the operator has {Known(schema, version)}");
            else if (attribute.Value is AttributeValue.Reference) Error($"attribute '{name}' refers to an attribute of a function, but the node stands in no function");
            else if (definition.Reject(attribute.Value) is { } reason) Error(reason);
        }
        foreach (var definition in schema.AttributesOf(version))
            if (definition.Required && !seen.Contains(definition.Name)) Error($"attribute '{definition.Name}' is missing");
    }

    private static void CheckCount(string kind, ValueList<string> given, Parameter[] formal, Action<string> error)
    {
        for (int i = 0; i < formal.Length; i++)
        {
            bool present = i < given.Count && given[i].Length > 0;
            if (!present && (formal[i].Presence == Presence.Required || (formal[i].Presence == Presence.Variadic && given.Count <= i))) error($"{kind} {i} ('{formal[i].Name}') is missing");
        }
        // Only an optional input may be left out in the middle; a list of any length has no gaps. (An output that nobody wants may have no name.)
        if (kind == "input" && formal.LastOrDefault() is { Presence: Presence.Variadic } list)
            for (int i = formal.Length - 1; i < given.Count; i++)
                if (given[i].Length == 0) error($"{kind} {i} ('{list.Name}') is missing");
        if (given.Count > formal.Length && formal.LastOrDefault() is not { Presence: Presence.Variadic }) error($"{given.Count} {kind}s are given, at most {formal.Length} are allowed");
    }

    private static string Known(OperatorSchema schema, int version)
    {
        string[] names = [.. schema.AttributesOf(version).Select(a => a.Name).Distinct()];
        return names.Length == 0 ? "no attributes" : string.Join(", ", names);
    }
}
