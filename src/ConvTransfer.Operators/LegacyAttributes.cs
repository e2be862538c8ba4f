using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators;

/// <summary>Attributes that newer versions no longer know and that mean nothing for them.</summary>
internal static class LegacyAttributes
{
    /// <summary>The nodes without attributes that ended before the target's version.</summary>
    public static Node[] Without(Node[] nodes, LiftContext lift, params ReadOnlySpan<AttributeDefinition> attributes)
    {
        for (int i = 0; i < nodes.Length; i++)
            foreach (var attribute in attributes)
                if (attribute.Until < lift.TargetOpset && nodes[i].Attribute(attribute.Name) is not null)
                    nodes[i] = nodes[i] with { Attributes = nodes[i].Attributes.Where(a => a.Name != attribute.Name).ToValueList() };
        return nodes;
    }
}
